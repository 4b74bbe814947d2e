/** What the lab writes into the docs, and that the docs have a place for it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { DOCS, withTables } from '../../lab/docs.ts';

test('the tables go between their marks, and a document without marks is refused', (t) => {
  const marks = (inner: string) =>
    `a\n<!-- booted: made by npm run lab -- --part booted --write -->\n\n${inner}<!-- end of booted -->\nb`;
  t.is(withTables(marks('old\n\n'), 'booted', 'new'), marks('new\n\n'));
  t.is(withTables(marks(''), 'booted', 'new'), marks('new\n\n'));
  t.throws(() => withTables(marks(''), 'compare', 'new'), { message: /lost the marks of compare/ });
});

test('the docs have the marks of both parts that are written there', (t) => {
  const text = readFileSync(join(DOCS, 'linux.md'), 'utf8');
  for (const part of ['booted', 'compare']) t.true(withTables(text, part, 'new').includes('\n\nnew\n\n'), part);
});
