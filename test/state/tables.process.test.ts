/** The store against Azurite: versions, conflicts, large rows, the filter on open runs, pages of runs, removal. */
import { TableClient } from '@azure/data-tables';
import test from 'ava';
import { StateError } from '../../shared/errors.ts';
import { inBatches } from '../../shared/model/batches.ts';
import { acceptedRun, type RunRow } from '../../shared/model/rows.ts';
import { runIdOf } from '../../shared/model/runId.ts';
import { type RunQuery, rowKey, runMark, type Store, type Versioned } from '../../shared/model/store.ts';
import { openTables, TABLES } from '../../shared/state/tables.ts';
import { type Azurite, startAzurite } from '../../simulator/storage/azurite.ts';
import { memoryStore } from '../helpers/memoryStore.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
let azurite: Azurite;

test.before(async () => {
  azurite = await startAzurite();
});
test.after.always(() => azurite?.stop());

const run = (name: string, more: Partial<RunRow> = {}): RunRow => ({
  ...accepted(name),
  ...more,
});

const accepted = (name: string): RunRow =>
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

  test(`${name}: runs in pages, the newest first, by state, signal and time`, async (t) => {
    const { runs } = open();
    const partition = name === 'tables' ? '00000000-0000-0000-0000-00000000000e' : SUBSCRIPTION;
    const rows = Array.from({ length: 12 }, (_, i) =>
      run(`page-${i}`, {
        observedAt: 1_000_000 + i * 1000,
        state: i % 3 === 0 ? 'failed' : 'settled',
        signal: i % 2 === 0 ? 'sweep' : 'manual',
      }),
    );
    // Two at the same time, and one that changes its state later.
    rows.push(run('page-twin', { observedAt: 1_005_000, state: 'settled' }));
    for (const row of rows) await runs.put(partition, row.runId, row);
    const first = (await runs.get(partition, rows[1]?.runId ?? '')) as Versioned<RunRow>;
    await runs.put(partition, first.row.runId, { ...first.row, state: 'failed' }, first.etag);

    const all = await runs.page(partition, { limit: 100 });
    t.is(all.length, 13);
    t.deepEqual(
      all.map((row) => row.observedAt),
      rows.map((row) => row.observedAt).toSorted((a, b) => b - a),
    );
    const seen: RunRow[] = [];
    for (let after: string | undefined; ; ) {
      const page = await runs.page(partition, { limit: 5, ...(after === undefined ? {} : { after }) });
      if (page.length === 0) break;
      seen.push(...page);
      after = runMark(page.at(-1) as RunRow);
    }
    t.deepEqual(seen, all);
    const times = async (query: Omit<RunQuery, 'limit'>) =>
      (await runs.page(partition, { ...query, limit: 100 })).map((row) => row.observedAt - 1_000_000);
    t.deepEqual(await times({ state: 'failed' }), [9000, 6000, 3000, 1000, 0]);
    t.deepEqual(await times({ state: 'failed', signal: 'sweep' }), [6000, 0]);
    t.deepEqual(await times({ since: 1_009_000 }), [11_000, 10_000, 9000], 'since is inclusive');
    t.deepEqual(await times({ before: 1_002_000 }), [1000, 0], 'before is not');
    t.deepEqual(await times({ since: 1_005_000, before: 1_006_000 }), [5000, 5000]);
    t.is((await runs.list(partition)).length, 13, 'a row is listed once, though it is kept twice');
  });

  test(`${name}: a row that is removed is gone from everywhere; one that changed stays`, async (t) => {
    const { runs } = open();
    const partition = name === 'tables' ? '00000000-0000-0000-0000-00000000000d' : SUBSCRIPTION;
    const row = run('remove');
    const etag = await runs.put(partition, row.runId, row);
    const next = await runs.put(partition, row.runId, { ...row, state: 'settled' }, etag);
    await t.throwsAsync(runs.remove(partition, row.runId, { row, etag }), {
      instanceOf: StateError,
      code: 'STATE_CONFLICT',
    });
    t.is((await runs.page(partition, { limit: 9 })).length, 1);
    await runs.remove(partition, row.runId, { row, etag: next });
    t.is(await runs.get(partition, row.runId), undefined);
    t.deepEqual(await runs.page(partition, { limit: 9 }), []);
    await t.notThrowsAsync(runs.remove(partition, row.runId, { row, etag: next }), 'once more is no error');
  });
}

test('of more than a thousand rows a page has those that were asked for, and a list all', async (t) => {
  const partition = '00000000-0000-0000-0000-00000000000c';
  const { runs } = openTables({ kind: 'connectionString', connectionString: azurite.connectionString });
  const rows = Array.from({ length: 1100 }, (_, i) => run(`many-${i}`, { observedAt: i, state: 'settled' }));
  await inBatches(rows, 32, async (row) => void (await runs.put(partition, row.runId, row)));
  t.deepEqual(
    (await runs.page(partition, { limit: 1050 })).map((row) => row.observedAt),
    Array.from({ length: 1050 }, (_, i) => 1099 - i),
  );
  t.is((await runs.list(partition)).length, 1100);
});

/** As version 1 wrote them: a run and a lease, with nothing but the columns it had. */
const VERSION_1 = {
  run: (runId: string, state: string) => ({
    partitionKey: '00000000-0000-0000-0000-00000000000b',
    rowKey: runId,
    id: runId,
    open: state === 'running',
    v: 1,
    pieces: 1,
    json0: JSON.stringify({ ...run('older'), runId, state, observedAt: 5 }),
  }),
  lease: {
    partitionKey: 'lease',
    rowKey: '00000000-0000-0000-0000-00000000000b',
    id: '00000000-0000-0000-0000-00000000000b',
    v: 1,
    pieces: 1,
    json0:
      '{"subscriptionId":"00000000-0000-0000-0000-00000000000b","holder":"","until":0,"again":false,"bellAt":7,"healthAsks":[3],"readAt":2}',
  },
};

test('rows of version 1 are read, found and, once written anew, listed', async (t) => {
  const store = openTables({ kind: 'connectionString', connectionString: azurite.connectionString });
  const partition = VERSION_1.lease.rowKey;
  await store.runs.list(partition); // makes the tables
  await store.leases.list(partition);
  const table = (name: string) =>
    TableClient.fromConnectionString(azurite.connectionString, name, { allowInsecureConnection: true });
  const ids = [runIdOf('old', '1'), runIdOf('old', '2')] as const;
  await table(TABLES.runs).createEntity(VERSION_1.run(ids[0], 'running'));
  await table(TABLES.runs).createEntity(VERSION_1.run(ids[1], 'settled'));
  await table(TABLES.leases).createEntity(VERSION_1.lease);

  t.deepEqual((await store.leases.get('lease', partition))?.row, {
    ...JSON.parse(VERSION_1.lease.json0),
    tidyAt: 0,
  });
  t.deepEqual(
    (await store.runs.list(partition, 'open')).map(({ row }) => row.runId),
    [ids[0]],
  );
  t.is((await store.runs.get(partition, ids[1]))?.row.state, 'settled');
  const outdated = await store.runs.list(partition, 'outdated');
  t.deepEqual(outdated.map(({ row }) => row.runId).toSorted(), ids.toSorted());
  t.deepEqual(await store.runs.page(partition, { limit: 9 }), []);
  for (const { row, etag } of outdated) await store.runs.put(partition, row.runId, row, etag);
  t.deepEqual(await store.runs.list(partition, 'outdated'), []);
  t.is((await store.runs.page(partition, { limit: 9 })).length, 2);
});

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
  t.is((await t.throwsAsync(store.runs.get('foreign', 'x'), { instanceOf: StateError }))?.code, 'STATE_ROW_BROKEN');
});
