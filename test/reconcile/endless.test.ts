/** What never ends or never answers: whatever waits for it ends all the same, and whatever need not wait goes on. */
import test from 'ava';
import type { RunState } from '../../shared/model/rows.ts';
import { articleWorld, refusal, SUBSCRIPTION, World } from '../helpers/world.ts';

const HOUR_MS = 3_600_000;

/** So many hours with the minute's bell. */
async function hours(world: World, count: number): Promise<void> {
  for (let minute = 0; minute < count * 60; minute += 1) {
    world.bell();
    await world.run(60_000);
    world.now = Math.max(world.now, Math.floor(world.now / 60_000) * 60_000 + 60_000);
  }
}

test('a run whose estate cannot be read any more ends after its budget, with the reason', async (t) => {
  const world = articleWorld({ bellSeconds: 60 });
  const all = { kind: 'subscription' as const, id: `/subscriptions/${SUBSCRIPTION}` };
  const runId = world.post(world.signal('manual', [all]));
  await world.run(5000);
  t.like(await world.runRow(runId), { state: 'running' });
  world.topologyFault = refusal(403);
  await hours(world, 3);
  t.like(await world.runRow(runId), { state: 'settled', counts: { failed: 2 } });
  for (const vm of ['hs-a', 'hs-b']) {
    const outcome = await world.outcome(runId, vm);
    t.is(outcome?.result, 'failed');
    t.is(outcome?.findings[0]?.params.code, 'RUN_EXPIRED');
    t.regex(outcome?.findings[0]?.params.detail ?? '', /answered 403/);
  }
});

test('a command that nobody can look at any more ends its run, and its VM stays taken', async (t) => {
  const world = articleWorld({ bellSeconds: 60 });
  const runId = world.manual('apply', 'hs-a');
  await world.run(5000);
  const { look } = world;
  world.look = () => {
    throw refusal(503);
  };
  await hours(world, 3);
  t.like(await world.runRow(runId), { state: 'settled', counts: { failed: 1 } });
  t.is((await world.outcome(runId, 'hs-a'))?.findings[0]?.params.code, 'RUN_EXPIRED');
  t.is((await world.vmRow('hs-a'))?.command?.phase, 'sent');
  // What is seen of it in the end is taken in.
  world.look = look;
  await hours(world, 1);
  t.is((await world.vmRow('hs-a'))?.command, undefined);
  t.is((await world.vmRow('hs-a'))?.last?.changed, 4);
});

test('a command that never ends keeps nobody waiting but its mirror', async (t) => {
  const world = new World(
    ['hs-a', 'hs-b', 'hs-c'],
    [
      { name: 'one', vip: '10.0.1.100', members: ['hs-a'], primary: 'hs-a' },
      { name: 'two', vip: '10.0.1.101', members: ['hs-b', 'hs-c'], primary: 'hs-b' },
    ],
  );
  // A lock refuses the delete, and the guest's own time limit does not end it.
  const { look, send } = world;
  let cancels = 0;
  world.cancel = () => {
    cancels += 1;
    throw refusal(409);
  };
  world.look = (vm, slot) => {
    const view = look.call(world, vm, slot);
    return view && /hs-a$/.test(vm) ? { ...view, state: 'Running', output: '' } : view;
  };
  world.manual('check', 'hs-a');
  await world.run(60_000);
  let refused = 0;
  world.send = (command) => {
    if (refused++ === 0) throw refusal(409);
    return send.call(world, command);
  };
  const runId = world.manual('apply', 'hs-b');
  await world.run(300_000);
  t.is((await world.outcome(runId, 'hs-b'))?.result, 'repaired');
  t.true(cancels > 2, 'it is asked again');
});

test('a signal that waited for the app longer than a run may take is done, not given up', async (t) => {
  const world = articleWorld();
  const runId = world.manual('apply', 'hs-a');
  world.now += 3 * HOUR_MS;
  await world.run(300_000);
  t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
});

test('a failover that waited for the app is not refused by the first question to health that fails', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  const runId = world.failover('ucr', 'hs-b');
  world.now += 20 * 60_000;
  const { health } = world;
  let asked = 0;
  world.health = (rule) => {
    if (asked++ < 2) throw refusal(503);
    return health.call(world, rule);
  };
  await world.run(300_000);
  t.true(asked > 2);
  t.is((await world.runRow(runId)).confirmation?.state, 'confirmed');
});

test('a frontend that is gone is not asked for any more', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  world.mirrors.splice(0, 1);
  world.sweep();
  await world.run();
  const asked: string[] = [];
  const { health } = world;
  world.health = (rule) => {
    asked.push(rule.split('/').at(-1) ?? '');
    return health.call(world, rule);
  };
  await hours(world, 1);
  t.deepEqual([...new Set(asked)], ['pi']);
});

test('one that comes back is asked again', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  const [gone] = world.mirrors.splice(0, 1);
  world.sweep();
  await world.run();
  if (gone) world.mirrors.push({ ...gone, primary: 'hs-b' });
  // What stays in guests costs no command, so little time went by.
  world.now += 60_000;
  const runId = world.sweep();
  await world.run();
  t.is((await world.runRow(runId)).state, 'settled' satisfies RunState);
  const runs = await world.store.runs.list(SUBSCRIPTION);
  t.is(runs.filter(({ row }) => (row as { signal: string }).signal === 'primaryMoved').length, 1);
});

test('why a run could not go on is forgotten once it does', async (t) => {
  const world = articleWorld();
  const runId = world.manual('apply', 'hs-a');
  await world.run(5000);
  t.is((await world.runRow(runId)).state, 'running');
  world.topologyFault = refusal(503);
  await world.run(60_000);
  t.is((await world.runRow(runId)).reason?.code, 'AZURE_FAILED');
  world.topologyFault = undefined;
  await world.run(60_000);
  t.is((await world.runRow(runId)).state, 'settled');
  t.is((await world.runRow(runId)).reason, undefined);
});

test('a rule that never answers takes its turn and no more, however few questions there may be', async (t) => {
  const world = articleWorld({ healthPerMinute: 1, watchSeconds: 50 });
  const asked: string[] = [];
  world.health = (rule) => {
    asked.push(rule.split('/').at(-1) ?? '');
    throw refusal(503);
  };
  world.sweep();
  await hours(world, 0.2);
  t.true(asked.length >= 10);
  for (const name of ['ucr', 'pi']) t.true(asked.filter((item) => item === name).length >= 4, name);
});
