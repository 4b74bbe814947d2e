/** The store against Azurite: versions, conflicts, large rows, and the filter on open runs. */
import { TableClient } from '@azure/data-tables';
import test from 'ava';
import { StateError } from '../../shared/errors.ts';
import { acceptedRun, type RunRow } from '../../shared/state/rows.ts';
import { runIdOf } from '../../shared/state/runId.ts';
import { rowKey, type Store } from '../../shared/state/store.ts';
import { openTables, TABLES } from '../../shared/state/tables.ts';
import { type Azurite, startAzurite } from '../../simulator/storage/azurite.ts';
import { memoryStore } from './memoryStore.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
let azurite: Azurite;

test.before(async () => {
  azurite = await startAzurite();
});
test.after.always(() => azurite?.stop());

const run = (name: string): RunRow =>
  acceptedRun({
    subscriptionId: SUBSCRIPTION,
    runId: runIdOf('test', name),
    signal: 'sweep',
    scope: [{ kind: 'subscription', id: `/subscriptions/${SUBSCRIPTION}` }],
    mode: 'apply',
    dryRun: false,
    observedAt: 1,
  });

const stores: [string, () => Store][] = [
  ['tables', () => openTables({ kind: 'connectionString', connectionString: azurite.connectionString })],
  // What the loop's tests run on must behave as the tables do.
  ['memory', () => memoryStore()],
];

for (const [name, open] of stores) {
  test(`${name}: create, read, replace under an ETag`, async (t) => {
    const { runs } = open();
    const row = run(`${name}-create`);
    t.is(await runs.get(SUBSCRIPTION, row.runId), undefined);
    const first = await runs.put(SUBSCRIPTION, row.runId, row);
    t.deepEqual(await runs.get(SUBSCRIPTION, row.runId), { row, etag: first });
    const second = await runs.put(SUBSCRIPTION, row.runId, { ...row, state: 'running' }, first);
    t.not(second, first);
    t.is((await runs.get(SUBSCRIPTION, row.runId))?.row.state, 'running');
  });

  test(`${name}: a row that is there, changed or gone is a conflict`, async (t) => {
    const { runs } = open();
    const row = run(`${name}-conflict`);
    const etag = await runs.put(SUBSCRIPTION, row.runId, row);
    const conflict = { instanceOf: StateError, code: 'STATE_CONFLICT' } as const;
    await t.throwsAsync(runs.put(SUBSCRIPTION, row.runId, row), conflict);
    await runs.put(SUBSCRIPTION, row.runId, row, etag);
    await t.throwsAsync(runs.put(SUBSCRIPTION, row.runId, row, etag), conflict);
    await t.throwsAsync(runs.put(SUBSCRIPTION, runIdOf('never'), row, etag), conflict);
  });

  test(`${name}: of two writers under one ETag one wins`, async (t) => {
    const { runs } = open();
    const row = run(`${name}-race`);
    const etag = await runs.put(SUBSCRIPTION, row.runId, row);
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => runs.put(SUBSCRIPTION, row.runId, row, etag)),
    );
    t.is(results.filter((result) => result.status === 'fulfilled').length, 1);
  });

  test(`${name}: open runs are told from ended ones`, async (t) => {
    const { runs } = open();
    const partition = name === 'tables' ? '00000000-0000-0000-0000-00000000000f' : SUBSCRIPTION;
    for (const state of ['accepted', 'running', 'settled', 'failed'] as const) {
      await runs.put(partition, runIdOf(name, state), { ...run(state), state });
    }
    t.deepEqual((await runs.list(partition, 'open')).map(({ row }) => row.state).toSorted(), ['accepted', 'running']);
    t.is((await runs.list(partition)).length, 4);
  });
}

test('a row of hundreds of kilobytes comes back whole', async (t) => {
  const { outcomes } = openTables({ kind: 'connectionString', connectionString: azurite.connectionString });
  const row = {
    runId: 'r',
    vmId: '/x',
    state: 'settled' as const,
    findings: [],
    paths: [],
    changed: 0,
    warnings: Array.from({ length: 9000 }, (_, i) => `warning "${i}" \u00e9\u{1f600}`),
  };
  await outcomes.put('r', rowKey('/x'), row);
  t.deepEqual((await outcomes.list('r'))[0]?.row, row);
});

test('a row of a later version is refused with a word, a foreign one too', async (t) => {
  const store = openTables({ kind: 'connectionString', connectionString: azurite.connectionString });
  const row = run('later');
  await store.runs.put(SUBSCRIPTION, row.runId, row);
  const table = TableClient.fromConnectionString(azurite.connectionString, TABLES.runs, {
    allowInsecureConnection: true,
  });
  await table.updateEntity({ partitionKey: SUBSCRIPTION, rowKey: row.runId, v: 99 }, 'Merge');
  const error = await t.throwsAsync(store.runs.get(SUBSCRIPTION, row.runId), { instanceOf: StateError });
  t.is(error?.code, 'STATE_VERSION_UNKNOWN');
  t.true(error?.message.includes('99'));
  await table.createEntity({ partitionKey: 'foreign', rowKey: 'x' });
  t.is((await t.throwsAsync(store.runs.get('foreign', 'x'), { instanceOf: StateError }))?.code, 'STATE_FAILED');
});
