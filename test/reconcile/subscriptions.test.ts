/** A run by hand may name several subscriptions: each has a loop of its own, and all of them write under one run id. */
import test from 'ava';
import { signalMessage } from '../../shared/model/messages.ts';
import type { OutcomeRow } from '../../shared/model/rows.ts';
import { rowKey } from '../../shared/model/store.ts';
import { markFailed } from '../../shared/reconcile/deadLetter.ts';
import { articleWorld, SUBSCRIPTION, vmId } from '../helpers/world.ts';

const OTHER = '00000000-0000-0000-0000-000000000001';

const foreign = (runId: string, state: OutcomeRow['state']): OutcomeRow => ({
  runId,
  vmId: vmId('hs-z').replace(SUBSCRIPTION, OTHER),
  state,
  findings: [],
  paths: [],
  changed: 0,
  warnings: [],
  ...(state === 'waiting' ? {} : { seq: 7, commands: 1 }),
  ...(state === 'settled' ? { result: 'failed' } : {}),
});

for (const state of ['waiting', 'commanded', 'settled'] as const) {
  test(`a VM of another subscription in the same run is that one's loop's matter (${state})`, async (t) => {
    const world = articleWorld();
    const runId = world.manual('apply', 'hs-a');
    const row = foreign(runId, state);
    await world.store.outcomes.put(runId, rowKey(row.vmId), row);
    await world.run(300_000);
    t.deepEqual((await world.store.outcomes.get(runId, rowKey(row.vmId)))?.row, row);
    t.like(await world.runRow(runId), { state: 'settled', counts: { vms: 1, repaired: 1, failed: 0, commands: 1 } });
  });
}

test('what ends or removes a run in one subscription leaves the other one’s VMs alone', async (t) => {
  const world = articleWorld();
  const signal = world.signal('manual', [{ kind: 'vm', id: vmId('hs-a') }]);
  const others = foreign(signal.runId, 'waiting');
  await world.store.outcomes.put(signal.runId, rowKey(others.vmId), others);
  await markFailed(world.store, signalMessage(signal), 'given up', world.now);
  t.like(await world.runRow(signal.runId), { state: 'failed', counts: { vms: 0 } });
  world.now += world.settings.runAgeMs + 1;
  world.bell();
  await world.run(1000);
  t.is(await world.store.runs.get(SUBSCRIPTION, signal.runId), undefined);
  t.deepEqual((await world.store.outcomes.get(signal.runId, rowKey(others.vmId)))?.row, others);
});
