/** Each line of docs/security.md’s table names a test that is there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

const ROOT = join(import.meta.dirname, '..', '..');
const TEXT = readFileSync(join(ROOT, 'docs', 'security.md'), 'utf8');
const LINES = TEXT.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| who | can |'));

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
    const links = [...line.matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)]+)\)/g)];
    t.true(links.length > 0, line);
    for (const [, title = '', file = ''] of links) {
      const text = readFileSync(join(ROOT, file), 'utf8');
      const titles = [...text.matchAll(/(['`])((?:(?!\1)[^\\\n])+)\1,/g)].map(([, , found = '']) => found);
      t.true(
        titles.some((found) => found.startsWith(title)),
        `${file}: ${title}`,
      );
    }
  });
}

test('it begins with what the right to run commands means', (t) => {
  t.regex(TEXT, /^# Security\n\n## What the right to run commands means\n\nA managed Run Command runs as root/);
});
