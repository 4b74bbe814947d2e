/** The booted part's result in Markdown. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { bootedCases } from '../../../lab/booted/booted.ts';
import { bootedTable } from '../../../lab/booted/table.ts';
import { DOCS } from '../../../lab/docs.ts';

const rowsOf = (table: string): string[] => table.split('\n').slice(2);

/** What stands between the marks. */
const tableOf = (text: string): string =>
  /<!-- booted: .*\n\n([\s\S]*?)\n\n<!-- end of booted -->/.exec(text)?.[1] ?? '';

test('a row for a name, with and without DHCP, and a column for each kind of guest', (t) => {
  const table = bootedTable([
    { case: 'link lost', manager: 'NetworkManager', ok: true, recoveredMs: 371, detail: '' },
    { case: 'DHCP: link lost', manager: 'NetworkManager', ok: true, recoveredMs: 481, ownMs: 250, detail: '' },
    { case: 'link lost', manager: 'netplan', ok: true, recoveredMs: 0, detail: '' },
    { case: 'remove', manager: 'ifupdown', ok: true, detail: '' },
    { case: 'link lost', manager: 'ifupdown', ok: false, recoveredMs: 30_000, detail: '' },
  ]);
  t.deepEqual(rowsOf(table), [
    '| link lost | 371 | 481 (250) |  |  |  | nothing lost | FAILED |  |',
    '| remove |  |  |  |  |  |  | ok |  |',
  ]);
});

test('docs/linux.md has the lab’s cases as they are now, each with a result', async (t) => {
  const text = readFileSync(join(DOCS, 'linux.md'), 'utf8');
  const cases = await bootedCases();
  const filled = bootedTable(cases.map(({ name, manager }) => ({ case: name, manager, ok: true, detail: '' })));
  const results = / (?:nothing lost|\d+(?: \(\d+\))?) (?=\|)/g;
  t.deepEqual(rowsOf(tableOf(text).replaceAll(results, ' ok ')), rowsOf(filled));
});
