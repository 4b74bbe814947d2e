/** A table that somebody deletes under the app: what cannot be kept is not taken for kept, and the table is made anew. */
import { TableServiceClient } from '@azure/data-tables';
import test from 'ava';
import { StateError } from '../../shared/errors.ts';
import { runIdOf } from '../../shared/model/runId.ts';
import type { Signal } from '../../shared/model/signal.ts';
import { record } from '../../shared/reconcile/record.ts';
import { stateError } from '../../shared/state/table.ts';
import { openTables, TABLES } from '../../shared/state/tables.ts';
import { startAzurite } from '../../simulator/storage/azurite.ts';

const subscriptionId = '00000000-0000-0000-0000-000000000000';
const signal = (name: string): Signal => ({
  subscriptionId,
  runId: runIdOf(name),
  signal: 'manual',
  scope: [{ kind: 'subscription', id: `/subscriptions/${subscriptionId}` }],
  mode: 'apply',
  dryRun: false,
  observedAt: 1,
});

test('no call passes a table that is gone for a row that is there or not', async (t) => {
  const azurite = await startAzurite();
  t.teardown(() => azurite.stop());
  const store = openTables({ kind: 'connectionString', connectionString: azurite.connectionString });
  const service = TableServiceClient.fromConnectionString(azurite.connectionString, { allowInsecureConnection: true });
  t.true(await record(store, signal('first')));
  const found = await store.runs.get(subscriptionId, runIdOf('first'));
  if (!found) return t.fail('not recorded');
  const { row, etag } = found;
  const calls = {
    record: () => record(store, signal('second')),
    put: () => store.runs.put(subscriptionId, row.runId, row, etag),
    get: () => store.runs.get(subscriptionId, row.runId),
    list: () => store.runs.list(subscriptionId),
    remove: () => store.runs.remove(subscriptionId, row.runId, { row, etag }),
  };
  for (const [name, call] of Object.entries(calls)) {
    await store.runs.list(subscriptionId);
    await service.deleteTable(TABLES.runs);
    const error = await t.throwsAsync(call, { instanceOf: StateError, code: 'STATE_FAILED' }, name);
    t.regex(error?.message ?? '', /was deleted/, name);
  }
  t.true(await record(store, signal('third')));
});

test('nor one that Azure is still deleting', (t) => {
  const error = Object.assign(new Error('The specified table is being deleted. Try operation later.'), {
    statusCode: 409,
    code: 'TableBeingDeleted',
  });
  const reopened: string[] = [];
  const table = { name: 'hairpinRuns', reopen: () => reopened.push('reopened') };
  t.is(stateError(table, error).code, 'STATE_FAILED');
  t.is(
    stateError(table, Object.assign(new Error('exists'), { statusCode: 409, code: 'EntityAlreadyExists' })).code,
    'STATE_CONFLICT',
  );
  t.is(reopened.length, 1);
});
