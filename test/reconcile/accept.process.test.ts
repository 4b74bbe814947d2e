/** Requests with an Idempotency-Key, on real tables and in memory: two at once, kills at each call, and how long it is kept. */
import { randomUUID } from 'node:crypto';
import test from 'ava';
import { InputError } from '../../shared/errors.ts';
import { randomRunId } from '../../shared/model/runId.ts';
import type { Signal } from '../../shared/model/signal.ts';
import { REQUESTS, type Store } from '../../shared/model/store.ts';
import { accept } from '../../shared/reconcile/accept.ts';
import { openTables } from '../../shared/state/tables.ts';
import { type Azurite, startAzurite } from '../../simulator/storage/azurite.ts';
import { memoryStore } from '../helpers/memoryStore.ts';
import { OTHER, SUBSCRIPTION, vmId } from '../helpers/world.ts';
import { wrapStore } from '../reliability/calls.ts';

const KEPT_MS = 90 * 86_400_000;
const NOW = Date.UTC(2026, 0, 5, 10);
let azurite: Azurite;
test.before(async () => {
  azurite = await startAzurite();
});
test.after.always(() => azurite?.stop());

/** A request about a VM of each of two subscriptions, with a run id of its own. */
function request(more: Partial<Signal> = {}, observedAt = NOW): Signal[] {
  const runId = randomRunId();
  return [SUBSCRIPTION, OTHER].map((subscriptionId) => ({
    subscriptionId,
    runId,
    signal: 'manual',
    scope: [{ kind: 'vm', id: vmId('hs-a').replace(SUBSCRIPTION, subscriptionId) }],
    mode: 'check',
    dryRun: false,
    observedAt,
    ...more,
  }));
}

const runsOf = async ({ runs }: Store, since: Set<string>): Promise<string[]> => {
  const rows = await Promise.all([SUBSCRIPTION, OTHER].map((id) => runs.list(id)));
  return rows
    .flatMap((list) => list.map(({ row }) => `${row.runId} ${row.subscriptionId}`))
    .filter((run) => !since.has(run));
};
const runs = async (store: Store): Promise<Set<string>> => new Set(await runsOf(store, new Set()));

for (const [name, open] of [
  ['tables', () => openTables({ kind: 'connectionString', connectionString: azurite.connectionString })],
  ['memory', (): Store => memoryStore()],
] as const) {
  test.serial(`${name}: the same request under one key is the same run, also in other letters`, async (t) => {
    const store = open();
    const key = randomUUID();
    const first = await accept(store, request(), key, KEPT_MS);
    t.false(first.repeated);
    const upper = request().map((signal) => ({
      ...signal,
      scope: signal.scope.map((item) => ({ ...item, id: item.id.toUpperCase() })),
    }));
    for (const again of [request({}, NOW + 5000), upper.toReversed()]) {
      const second = await accept(store, again, key, KEPT_MS);
      t.true(second.repeated);
      t.deepEqual(new Set(second.signals.map(({ runId }) => runId)), new Set([first.signals[0]?.runId]));
    }
    const other = await accept(store, request(), randomUUID(), KEPT_MS);
    t.not(other.signals[0]?.runId, first.signals[0]?.runId);
    const none = await accept(store, request(), undefined, KEPT_MS);
    t.false(none.repeated);
  });

  test.serial(`${name}: another request under the same key is refused, and nothing is written`, async (t) => {
    const store = open();
    const key = randomUUID();
    const first = await accept(store, request(), key, KEPT_MS);
    const before = await runs(store);
    for (const other of [
      request({ mode: 'apply' }),
      request({ dryRun: true }),
      request().slice(0, 1),
      request({ retryOf: '0'.repeat(32) }),
      request({ scope: [{ kind: 'vm', id: vmId('hs-b') }] }),
    ]) {
      const error = await t.throwsAsync(accept(store, other, key, KEPT_MS), { instanceOf: InputError });
      t.like(error, { code: 'IDEMPOTENCY_KEY_USED', field: 'idempotency-key' });
      t.true(error?.message.includes(first.signals[0]?.runId ?? '?'));
    }
    t.deepEqual(await runsOf(store, before), []);
  });

  test.serial(`${name}: of many at once one makes the run, and all are told of it`, async (t) => {
    const store = open();
    for (let round = 0; round < 5; round += 1) {
      const key = randomUUID();
      const before = await runs(store);
      const all = await Promise.all(Array.from({ length: 6 }, () => accept(store, request(), key, KEPT_MS)));
      const ids = new Set(all.flatMap(({ signals }) => signals.map(({ runId }) => runId)));
      t.is(ids.size, 1);
      t.is(all.filter(({ repeated }) => !repeated).length, 1);
      t.is((await runsOf(store, before)).length, 2, 'a row in each subscription');
    }
  });

  test.serial(`${name}: two requests that differ, at once: one is accepted whole, the other refused`, async (t) => {
    const store = open();
    for (let round = 0; round < 5; round += 1) {
      const key = randomUUID();
      const before = await runs(store);
      const all = await Promise.allSettled([
        accept(store, request(), key, KEPT_MS),
        accept(store, request({ mode: 'apply' }), key, KEPT_MS),
      ]);
      t.deepEqual(all.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
      const found = await runsOf(store, before);
      t.is(found.length, 2);
      t.is(new Set(found.map((run) => run.split(' ')[0])).size, 1);
    }
  });

  test.serial(`${name}: killed before or after any call, the same request again makes one whole run`, async (t) => {
    const store = open();
    const calls: string[] = [];
    const counting = wrapStore(store, (call, act) => {
      calls.push(call);
      return act();
    });
    await accept(counting, request(), randomUUID(), KEPT_MS);
    t.deepEqual(calls, ['store.requests.get', 'store.requests.put', 'store.runs.put', 'store.runs.put']);
    for (const nth of calls.keys()) {
      for (const when of ['before', 'after']) {
        const key = randomUUID();
        const before = await runs(store);
        let at = 0;
        const dead = Promise.withResolvers<'dead'>();
        const mortal = wrapStore(store, async (_, act) => {
          const mine = at === nth;
          at += 1;
          if (!mine || when === 'after') await act();
          if (!mine) return undefined;
          dead.resolve('dead');
          return new Promise(() => {});
        });
        t.is(await Promise.race([accept(mortal, request(), key, KEPT_MS), dead.promise]), 'dead');
        const { signals } = await accept(store, request({}, NOW + 60_000), key, KEPT_MS);
        const found = await runsOf(store, before);
        t.deepEqual(
          found.toSorted(),
          signals.map(({ runId, subscriptionId }) => `${runId} ${subscriptionId}`).toSorted(),
          `${when} call ${nth}`,
        );
      }
    }
  });

  test.serial(`${name}: a key is known as long as its run is kept, and its row goes then`, async (t) => {
    const store = open();
    const key = randomUUID();
    const first = await accept(store, request(), key, KEPT_MS);
    const known = async (): Promise<string[]> =>
      (await store.requests.before(NOW + 1, 1000)).map(({ row }) => row.runId);
    t.true((await known()).includes(first.signals[0]?.runId ?? '?'));
    t.deepEqual(await store.requests.before(NOW, 1000), [], 'not those that came then or later');
    const late = await accept(store, request({}, NOW + KEPT_MS), key, KEPT_MS);
    t.false(late.repeated, 'the key is free again');
    t.not(late.signals[0]?.runId, first.signals[0]?.runId);
    t.false((await known()).includes(first.signals[0]?.runId ?? '?'));
    const [old] = await store.requests.before(NOW + KEPT_MS + 1, 1000);
    if (!old) return t.fail('no row');
    await store.requests.remove(REQUESTS, old.row.keyHash, old);
    t.is(await store.requests.get(REQUESTS, old.row.keyHash), undefined);
  });
}
