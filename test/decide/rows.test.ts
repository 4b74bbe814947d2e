/** Rows as a pass works on them: what differs from what was read is written. */
import test from 'ava';
import { Outcomes, Rows } from '../../shared/decide/rows.ts';
import { idKey } from '../../shared/model/ids.ts';
import { outcome } from '../helpers/seen.ts';
import { vmId } from '../helpers/world.ts';

interface Named {
  name: string;
  list: number[];
  word?: string;
}
const read = (): { row: Named; etag: string }[] => [
  { row: { name: 'a', list: [1, 2] }, etag: '1' },
  { row: { name: 'b', list: [] }, etag: '2' },
];
const rowsOf = (from = read()) => new Rows((row: Named) => row.name, from);

const table: [string, (rows: Rows<string, Named>) => void, { row: Named; etag?: string }[]][] = [
  ['nothing is looked at', () => undefined, []],
  ['a row is looked at', (rows) => rows.get('a'), []],
  ['all are looked at', (rows) => [...rows.all()], []],
  [
    'a row changes',
    (rows) => Object.assign(rows.get('a') ?? {}, { word: 'x' }),
    [{ row: { name: 'a', list: [1, 2], word: 'x' }, etag: '1' }],
  ],
  [
    'something within it changes',
    (rows) => rows.get('a')?.list.push(3),
    [{ row: { name: 'a', list: [1, 2, 3] }, etag: '1' }],
  ],
  [
    'it changes and changes back',
    (rows) => {
      rows.get('a')?.list.push(3);
      rows.get('a')?.list.pop();
    },
    [],
  ],
  ['a row is put in', (rows) => rows.add({ name: 'c', list: [] }), [{ row: { name: 'c', list: [] } }]],
  ['one that is not there is asked for', (rows) => rows.get('z'), []],
];
for (const [what, work, changes] of table) {
  test(what, (t) => {
    const rows = rowsOf();
    work(rows);
    t.deepEqual(rows.changes(), changes);
  });
}

test('what was read stays as it was', (t) => {
  const from = read();
  const rows = rowsOf(from);
  for (const row of rows.all()) row.list.push(9);
  t.deepEqual(from, read());
  t.is(rows.changes().length, 2);
});

test('outcomes by run, those that are put in among them', (t) => {
  const rows = new Outcomes([
    { row: outcome('s1 hs-a'), etag: '1' },
    { row: outcome('s2 hs-a'), etag: '2' },
  ]);
  rows.add(outcome('s1 hs-b'));
  t.deepEqual(
    rows.ofRun('s1').map((row) => row.vmId),
    [vmId('hs-a'), vmId('hs-b')],
  );
  t.deepEqual(rows.ofRun('gone'), []);
  t.is(rows.get('s2', idKey(vmId('HS-A')))?.runId, 's2', 'ids have no letter case');
  t.is([...rows.readAll()].length, 3);
  t.deepEqual(
    rows.changes().map(({ row, etag }) => [row.runId, etag]),
    [['s1', undefined]],
  );
});
