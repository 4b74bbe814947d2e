/** What README shows of `npm start` is what it does: its steps, and the functions that are up. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readDocument } from '../helpers/markdown.ts';

const ROOT = join(import.meta.dirname, '../..');
const transcript = readDocument('README.md').blocks.find(({ text }) => text.includes('every step held'))?.text ?? '';

test('each step of the story, and no other', (t) => {
  const plot = readFileSync(join(ROOT, 'simulator/story/plot.ts'), 'utf8');
  const played = [...plot.matchAll(/story\.play\('([^']+)'/g)].map(([, name]) => name);
  const shown = [...transcript.matchAll(/^ *[\d.]+ s {2}ok {3}(.+) \([\d.]+ s\)$/gm)].map(([, name]) => name);
  t.true(shown.length > 8);
  // The one that a person asks for with Enter comes after what is shown.
  t.deepEqual(shown.toSorted(), played.filter((name) => name !== 'failover: on request').toSorted());
});

test('the functions that are up, as far as the line is shown', (t) => {
  const names = readdirSync(join(ROOT, 'functions'))
    .filter((file) => file.endsWith('.ts') && file !== 'index.ts')
    .map((file) => file.slice(0, -'.ts'.length));
  const [, shown = ''] = /up: (.+) …$/m.exec(transcript) ?? [];
  t.true(shown.split(', ').length > 5);
  t.true(names.toSorted().join(', ').startsWith(shown), shown);
});
