/** The tests that docs/security.md and docs/deploy.md name are there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

const ROOT = join(import.meta.dirname, '..', '..');
const TEXT = readFileSync(join(ROOT, 'docs', 'security.md'), 'utf8');
const LINES = TEXT.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| who | can |'));

/** The tests that a line links to: title and file. */
const linksOf = (line: string): [title: string, file: string][] =>
  [...line.matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)]+)\)/g)].map(([, title = '', file = '']) => [title, file]);

const titlesIn = (file: string): string[] =>
  [...readFileSync(join(ROOT, file), 'utf8').matchAll(/(['`])((?:(?!\1)[^\\\n])+)\1,/g)].map(
    ([, , found = '']) => found,
  );

/** Who must be in it. */
const WHO =
  'owner of the app; identity; tables; queue; function key; topic; network contributor; tag writer; root in a guest; local user; Reader'.split(
    '; ',
  );

test('the threat table names everybody who is near', (t) => {
  for (const who of WHO)
    t.true(
      LINES.some((line) => line.split('|')[1]?.includes(who)),
      who,
    );
});

for (const [i, line] of LINES.entries()) {
  test(`threat ${i + 1}: its tests are there, by file and title`, (t) => {
    const links = linksOf(line);
    t.true(links.length > 0, line);
    for (const [title, file] of links) {
      t.true(
        titlesIn(file).some((found) => found.startsWith(title)),
        `${file}: ${title}`,
      );
    }
  });
}

test('it begins with what the right to run commands means', (t) => {
  t.regex(TEXT, /^# Security\n\n## What the right to run commands means\n\nA managed Run Command runs as root/);
});

const DEPLOY = readFileSync(join(ROOT, 'docs', 'deploy.md'), 'utf8');
const MET = /## What others ran into[\s\S]*?\n\n((?:\|.*\n)+)/.exec(DEPLOY)?.[1]?.split('\n').slice(2, -1) ?? [];

test('each failure that others met has a test, by file and title, or a step on the page', (t) => {
  t.is(MET.length, 22);
  for (const line of MET) {
    t.regex(line, /\]\(\.\.\/test\/|\]\(#[a-z-]+\)/, line);
    for (const [title, file] of linksOf(line))
      t.true(
        titlesIn(file).some((found) => found.startsWith(title)),
        title,
      );
  }
});
