/** The house's rules about files: no circle of imports, and none too long without a reason. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { importsOf } from './helpers/imports.ts';

const ROOT = join(import.meta.dirname, '..');
const MOST_LINES = 250;
const SOURCES = ['*.ts', '{functions,cli,shared,simulator,lab,bench,docs,infra,mirror,test}/**/*.{ts,sh,ps1,bicep}'];

/** Groups of files of which each imports the others. */
function circlesOf(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const state = new Map<string, 'open' | 'done'>();
  const way: string[] = [];
  const visit = (file: string): void => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      circles.push(way.slice(way.indexOf(file)));
      return;
    }
    state.set(file, 'open');
    way.push(file);
    for (const target of edges.get(file) ?? []) visit(target);
    way.pop();
    state.set(file, 'done');
  };
  for (const file of edges.keys()) visit(file);
  return circles;
}

test('no file imports itself by a way round, not even for a type', async (t) => {
  const imports = (await Promise.all(SOURCES.map(importsOf))).flat();
  const edges = new Map(
    [...Map.groupBy(imports, ({ from }) => from)].map(([from, all]) => [from, all.map(({ target }) => target)]),
  );
  t.true(edges.size > 500, 'the sources were found');
  t.deepEqual(circlesOf(edges), []);
});

test('a circle is found', (t) => {
  const edges = new Map([
    ['a', ['b', 'c']],
    ['b', ['c']],
    ['c', ['d']],
    ['d', ['b']],
  ]);
  t.deepEqual(circlesOf(edges), [['b', 'c', 'd']]);
});

/** The comment with which a file begins, after a line for the shell; of a template its metadata too. */
const firstComment = (text: string): string =>
  /^(?:#!.*\n)?(?:\/\*\*[\s\S]*?\*\/|(?:(?:#|\/\/).*\n)+)/.exec(text)?.[0] ?? '';

/** `Long: ` and a reason, in the first comment. */
const saysWhy = (text: string): boolean =>
  /\bLong: \w[^.]{10,}\./.test(firstComment(text).replaceAll(/\n[ *#/]*/g, ' '));

test(`a file above ${MOST_LINES} lines says in its first comment why it is one`, (t) => {
  const files = globSync(SOURCES, { cwd: ROOT });
  t.true(files.length > 600, 'the sources were found');
  const long = files
    .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }))
    .map(({ file, text }) => ({ file, text, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > MOST_LINES);
  const silent = long.filter(({ text }) => !saysWhy(text)).map(({ file, lines }) => `${file}: ${lines}`);
  t.deepEqual(silent, [], 'add “Long: why.” to the first comment, or take it apart');
});

test('a reason is read from comments of each kind', (t) => {
  t.true(saysWhy('/** What. Long: it is one table,\n * and nothing else. */\nx'));
  t.true(saysWhy('#!/bin/bash\n# What.\n# Long: it is one look, and no part.\nx'));
  t.true(saysWhy('// What. Long: all parameters are in one place.\nparam x string\n'));
  t.false(saysWhy('/** What. */\n// Long: it is not in the first comment.\n'));
  t.false(saysWhy('/** Long: why. */'));
});
