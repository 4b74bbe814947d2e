/** Rows in real tables that are not ours, broken, of a later program or too large: the loop goes on for all others. */
import { TableClient } from '@azure/data-tables';
import test from 'ava';
import type { OutcomeRow, VmRow } from '../../shared/model/rows.ts';
import { rowKey } from '../../shared/model/store.ts';
import { openTables, TABLES } from '../../shared/state/tables.ts';
import { ROW_VERSION } from '../../shared/state/upgrades.ts';
import { readRunView } from '../../shared/views/run.ts';
import { readRunList } from '../../shared/views/runs.ts';
import { type Azurite, startAzurite } from '../../simulator/storage/azurite.ts';
import { frontendId, SUBSCRIPTION, vmId, World } from '../helpers/world.ts';

let azurite: Azurite;
test.before(async () => {
  azurite = await startAzurite();
});
test.after.always(() => azurite?.stop());

const table = (name: string) =>
  TableClient.fromConnectionString(azurite.connectionString, name, { allowInsecureConnection: true });
const broken = { v: 1, pieces: 1, json0: '{"vmId": "/sub' };
const later = { v: 99, pieces: 1, json0: '{}' };
/** JSON of another shape. */
const other = (json0: string) => ({ v: ROW_VERSION, pieces: 1, json0 });
const foreign = { note: 'a table browser was here' };

test('foreign, broken, later and too large rows in every table', async (t) => {
  const names = ['hs-a', 'hs-b', 'hs-c', 'hs-d', 'hs-e', 'hs-f', 'hs-g', 'hs-h'];
  const world = new World(
    names,
    ['one', 'two', 'three', 'four'].map((name, i) => ({
      name,
      vip: `10.0.1.10${i}`,
      members: names.slice(2 * i, 2 * i + 2),
      primary: names[2 * i],
    })),
  );
  const store = openTables({ kind: 'connectionString', connectionString: azurite.connectionString });
  const { ports } = world;
  world.ports = () => ({ ...ports.call(world), store });
  // Each is opened once, which makes its table.
  for (const rows of [store.runs, store.outcomes, store.vms, store.frontends]) await rows.list('none');

  const row = (partitionKey: string, id: string, fields: object) => ({ partitionKey, rowKey: rowKey(id), ...fields });
  await table(TABLES.vms).createEntity(row(SUBSCRIPTION, vmId('hs-a'), foreign));
  await table(TABLES.vms).createEntity(row(SUBSCRIPTION, vmId('hs-c'), { commanded: true, ...broken }));
  await table(TABLES.vms).createEntity({ partitionKey: SUBSCRIPTION, rowKey: 'nobody', ...later });
  await table(TABLES.vms).createEntity({ partitionKey: SUBSCRIPTION, rowKey: 'nothing', ...other('null') });
  await table(TABLES.frontends).createEntity(row(SUBSCRIPTION, frontendId('three'), later));
  await table(TABLES.runs).createEntity({ partitionKey: SUBSCRIPTION, rowKey: 'f'.repeat(32), open: true, ...broken });
  await table(TABLES.runs).createEntity({ partitionKey: SUBSCRIPTION, rowKey: 'test', ...foreign });
  // A row that holds as much as a table takes: no command fits beside it.
  const full: VmRow = {
    vmId: vmId('hs-g'),
    location: 'westeurope',
    os: 'linux',
    seq: 1,
    slot: 'A',
    proofs: { [`${'x'.repeat(479_600)}`]: { kind: 'self', at: 1 } },
    findings: [],
  };
  await store.vms.put(SUBSCRIPTION, rowKey(full.vmId), full);

  const runId = world.sweep();
  await table(TABLES.outcomes).createEntity(row(runId, vmId('hs-h'), { open: true, ...broken }));
  await table(TABLES.outcomes).createEntity({ partitionKey: runId, rowKey: 'other', open: true, ...other('{}') });
  await world.run();

  const found = await store.outcomes.list(runId, 'all', { unreadable: () => undefined });
  const said = ({ vmId: id, result, findings }: OutcomeRow) =>
    [id.split('/').at(-1), result, ...findings.map(({ code }) => code)].join(' ');
  t.deepEqual(found.map((outcome) => said(outcome.row)).toSorted(), [
    'hs-a blocked ROW_UNUSABLE',
    'hs-b repaired',
    'hs-c blocked ROW_UNUSABLE',
    'hs-d repaired',
    'hs-e blocked ROW_UNUSABLE',
    'hs-f blocked ROW_UNUSABLE',
    'hs-g blocked ROW_UNUSABLE',
  ]);
  t.like((await store.runs.get(SUBSCRIPTION, runId))?.row, {
    state: 'settled',
    counts: { vms: 9, repaired: 2, blocked: 5, failed: 2 },
  });

  // What is said of it: the row, and why.
  const view = await readRunView(store, [SUBSCRIPTION], runId);
  t.is(view?.vms.length, 7);
  t.is(view?.unreadable?.length, 2);
  t.true(view?.unreadable?.some(({ text }) => text.includes(`${TABLES.outcomes}/${runId}/${rowKey(vmId('hs-h'))}`)));
  const ofC = view?.vms.find(({ vm }) => vm === 'hs-c')?.findings[0]?.text ?? '';
  t.regex(ofC, /hairpinVms.* holds broken JSON/);

  // The list of runs is shown past the foreign one, and old runs are removed past all of them.
  const list = await readRunList(store, [SUBSCRIPTION], { limit: 10 });
  t.deepEqual(
    list.runs.map((run) => run.runId),
    [runId],
  );
  t.is(list.unreadable?.length, 1);
  world.now += 100 * 86_400_000;
  world.bell();
  await world.run(60_000);
  t.is(await store.runs.get(SUBSCRIPTION, runId), undefined);
});
