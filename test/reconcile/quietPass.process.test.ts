/**
 * A pass in which nothing is due, over Azurite: one command runs, and another VM of its mirror waits for it. What such a
 * pass reads and writes must not grow with what is settled or unchanged.
 */
import test from 'ava';
import { inBatches } from '../../shared/model/batches.ts';
import { bellMessage } from '../../shared/model/messages.ts';
import type { OutcomeRow, VmRow } from '../../shared/model/rows.ts';
import { runIdOf } from '../../shared/model/runId.ts';
import { rowKey, type Store } from '../../shared/model/store.ts';
import { reconcile } from '../../shared/reconcile/loop.ts';
import { openTables } from '../../shared/state/tables.ts';
import { type Azurite, startAzurite } from '../../simulator/storage/azurite.ts';
import { type Traffic, trafficOf } from '../../simulator/storage/traffic.ts';
import { articleWorld, OTHER, SETTINGS, SUBSCRIPTION, vmId, type World } from '../helpers/world.ts';

let azurite: Azurite;

test.before(async () => {
  azurite = await startAzurite();
});
test.after.always(() => azurite?.stop());

/** Rows beside those of the open run, from number `from` on: VMs, ended runs, and outcomes of both kinds of run. */
async function fill(store: Store, world: World, runId: string, from: number, to: number): Promise<void> {
  const open = await world.runRow(runId);
  const added = Array.from({ length: to - from }, (_, i) => from + i);
  await inBatches(added, 16, async (i) => {
    const id = vmId(`other${i}`);
    const vm: VmRow = {
      vmId: id,
      location: 'westeurope',
      os: 'linux',
      seq: 1,
      slot: 'A',
      proofs: { '10.0.1.100': { kind: 'remote', at: world.now } },
      findings: [],
    };
    await store.vms.put(SUBSCRIPTION, rowKey(id), vm);
    const ended = runIdOf('ended', String(i));
    await store.runs.put(SUBSCRIPTION, ended, { ...open, runId: ended, state: 'settled', settledAt: world.now });
    for (const owner of [ended, runId]) {
      const outcome: OutcomeRow = {
        runId: owner,
        vmId: id,
        state: 'settled',
        result: 'compliant',
        findings: [],
        paths: [],
        changed: 0,
        warnings: [],
        settledAt: world.now,
      };
      await store.outcomes.put(owner, rowKey(id), outcome);
    }
  });
}

test('what a pass in which nothing is due reads does not grow with VMs, ended runs and settled outcomes', async (t) => {
  t.timeout(300_000);
  const store = openTables({ kind: 'connectionString', connectionString: azurite.connectionString });
  const world = articleWorld({ maxCommands: 1 });
  Object.assign(world.store, store);
  world.commandMs = 3_600_000;
  const runId = world.post(world.signal('manual', [{ kind: 'subscription', id: `/subscriptions/${SUBSCRIPTION}` }]));
  await world.run(20_000);
  t.is(world.executions.length, 1);
  t.is((await world.runRow(runId)).state, 'running');
  const waits = await store.outcomes.list(runId, 'open');
  t.deepEqual(waits.map(({ row }) => row.state).toSorted(), ['commanded', 'waiting']);
  const readings = world.topologyReads;

  const pass = (): Promise<Traffic> => {
    world.now += 1000;
    return trafficOf(azurite.tableUrl, () => reconcile(bellMessage(SUBSCRIPTION), world.ports(), world.settings));
  };
  await fill(store, world, runId, 0, 100);
  await pass();
  const few = await pass();
  await fill(store, world, runId, 100, 1000);
  const many = await pass();

  t.is(world.topologyReads, readings, 'nothing was due');
  t.true(few.calls > 3 && few.bytes > 1000, `${few.calls} calls with ${few.bytes} bytes were counted`);
  t.is(many.calls, few.calls);
  // One row more would be 500 bytes; an ETag or a number may be a little longer.
  t.true(many.bytes < few.bytes + 400, `${few.bytes} bytes, then ${many.bytes}`);
});

test('nothing is read for other subscriptions in a pass in which nothing is due', async (t) => {
  t.timeout(300_000);
  const calls: number[] = [];
  for (const subscriptionIds of [[SUBSCRIPTION], [SUBSCRIPTION, OTHER]]) {
    const world = articleWorld({ scope: { ...SETTINGS.scope, subscriptionIds } });
    if (subscriptionIds.length > 1) world.homes.set('hs-b', OTHER);
    const own = await startAzurite();
    t.teardown(() => own.stop());
    Object.assign(world.store, openTables({ kind: 'connectionString', connectionString: own.connectionString }));
    world.commandMs = 3_600_000;
    world.manual('apply', 'hs-a');
    await world.run(20_000);
    t.is((await world.vmRow('hs-a'))?.command?.phase, 'sent');
    const readings = world.topologyReads;
    world.now += 1000;
    const pass = () => reconcile(bellMessage(SUBSCRIPTION), world.ports(), world.settings);
    calls.push((await trafficOf(own.tableUrl, pass)).calls);
    t.is(world.topologyReads, readings, 'nothing was due');
  }
  t.true((calls[0] ?? 0) > 3);
  t.is(calls[1], calls[0]);
});
