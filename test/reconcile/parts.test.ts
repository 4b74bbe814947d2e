/** Many guests that nothing keeps: a sweep looks at each of them, part by part, and within the hour. */
import test from 'ava';
import { World } from '../helpers/world.ts';

const COUNT = 24;

/** Pairs behind a mirror each, all looked at once; two commands at a time. */
async function estate(healing: boolean): Promise<World> {
  const names = Array.from({ length: COUNT }, (_, i) => `hs-${String(i).padStart(2, '0')}`);
  const mirrors = Array.from({ length: COUNT / 2 }, (_, i) => {
    const members = names.slice(2 * i, 2 * i + 2);
    return { name: `m${i}`, vip: `10.0.9.${i + 1}`, members, primary: members[0] };
  });
  const world = new World(names, mirrors, { maxCommands: 2 });
  world.healing = healing;
  world.sweep();
  await world.run(30 * 60_000);
  return world;
}

test('a sweep looks at every guest within the hour, and settles', async (t) => {
  const world = await estate(false);
  const sent = world.executions.length;
  const from = world.now;
  const reads = world.topologyReads;
  const runId = world.sweep();
  await world.run(60_000);
  t.is((await world.runRow(runId)).state, 'running');
  t.is((await world.outcome(runId, 'hs-23'))?.waitingFor, 'SWEEP_PART');
  const first = world.executions.length - sent;
  t.true(first > 0 && first <= 4, `${first} at first`);
  await world.run(55 * 60_000);
  const run = await world.runRow(runId);
  t.is(run.state, 'settled');
  t.like(run.counts, { vms: COUNT, compliant: COUNT, commands: COUNT, looked: COUNT, believed: 0 });
  const at = world.executions.slice(sent).map(({ startedAt }) => (startedAt - from) / 60_000);
  t.true(Math.max(...at) >= 35 && Math.max(...at) < 50, `the last after ${Math.max(...at)} minutes`);
  t.true(world.topologyReads - reads < 5 * COUNT, `${world.topologyReads - reads} readings of the estate`);
});

test('the same guests, kept by a service: nothing is sent', async (t) => {
  const world = await estate(true);
  const sent = world.executions.length;
  const runId = world.sweep();
  await world.run(60_000);
  t.like((await world.runRow(runId)).counts, { vms: COUNT, commands: 0, looked: 0, believed: COUNT });
  t.is(world.executions.length, sent);
});
