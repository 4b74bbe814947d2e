/** What one VM, or a storm of events, costs others: nothing but their turn. */
import test from 'ava';
import { acceptedRun, type RunRow } from '../../shared/model/rows.ts';
import type { Signal } from '../../shared/model/signal.ts';
import { readRunView } from '../../shared/views/run.ts';
import { articleWorld, SUBSCRIPTION, vmId, World } from '../helpers/world.ts';

/** So many VMs in pairs, each pair behind a mirror of its own. */
const pairs = (count: number): World => {
  const vms = Array.from({ length: count }, (_, i) => `hs-${i}`);
  return new World(
    vms,
    Array.from({ length: count / 2 }, (_, i) => {
      const members = vms.slice(2 * i, 2 * i + 2);
      return { name: `m${i}`, vip: `10.9.${i >> 7}.${(i & 127) + 1}`, members, primary: members[0] };
    }),
  );
};

/** Signals that were recorded while nobody looked. */
async function recorded(world: World, signals: Signal[]): Promise<string[]> {
  for (const signal of signals) await world.store.runs.put(SUBSCRIPTION, signal.runId, acceptedRun(signal));
  return signals.map(({ runId }) => runId);
}
const changes = (world: World, count: number, vms: number): Signal[] =>
  Array.from({ length: count }, (_, i) => {
    const name = `hs-${i % vms}`;
    return world.signal('resourceChange', [{ kind: 'vm', id: vmId(name) }], { observedAt: world.now + i });
  });

test('ten commands that run for ever and that Azure does not end: another VM gets its command', async (t) => {
  const world = pairs(22);
  const stuck = new Set(Array.from({ length: 10 }, (_, i) => vmId(`hs-${2 * i}`)));
  const { look } = world;
  world.look = (vm, slot) => {
    const view = look.call(world, vm, slot);
    return view && stuck.has(vm) ? { ...view, state: 'Running', output: '' } : view;
  };
  world.cancel = () => undefined;
  for (const id of stuck) world.post(world.signal('manual', [{ kind: 'vm', id }]));
  await world.run(60_000);
  t.is(world.sent().length, 10, 'all places are taken');
  const waits = world.manual('apply', 'hs-20');
  await world.run(60_000);
  t.is((await world.outcome(waits, 'hs-20'))?.waitingFor, 'COMMAND_LIMIT');
  await world.run(10 * 60_000);
  t.is((await world.outcome(waits, 'hs-20'))?.result, 'repaired');
  // They keep their VMs, and the other members away from them.
  const other = world.manual('apply', 'hs-1');
  await world.run(60_000);
  t.like(await world.outcome(other, 'hs-1'), { result: 'unknown', findings: [{ code: 'MEMBER_STUCK' }] });
  t.is((await world.vmRow('hs-0'))?.command?.phase, 'cancelling');
  t.deepEqual(world.overlaps, []);
});

test('events about a VM whose run nobody has planned yet join it, end with it, and say so', async (t) => {
  const world = articleWorld();
  const ids = await recorded(
    world,
    Array.from({ length: 5 }, () => world.signal('resourceChange', [{ kind: 'vm', id: vmId('hs-a') }])),
  );
  world.bell();
  await world.run();
  const runs = await Promise.all(ids.map((id) => world.runRow(id)));
  const [first] = runs.filter((run) => run.joined === undefined) as [RunRow];
  t.is(runs.filter(({ joined }) => joined === first.runId).length, 4);
  t.true(runs.every(({ state }) => state === 'settled'));
  t.like(first.counts, { vms: 1, repaired: 1, commands: 1 });
  t.deepEqual(world.sent(), ['apply hs-a']);
  const joined = runs.find((run) => run.joined !== undefined) as RunRow;
  t.like(await readRunView(world.store, [SUBSCRIPTION], joined.runId), { joined: first.runId, state: 'settled' });
});

test('an event about a VM whose run is under way is looked at anew', async (t) => {
  const world = articleWorld();
  await recorded(world, [world.signal('resourceChange', [{ kind: 'vm', id: vmId('hs-a') }])]);
  world.bell();
  await world.run(5000);
  const [later = ''] = await recorded(world, [world.signal('resourceChange', [{ kind: 'vm', id: vmId('hs-a') }])]);
  await world.run();
  t.like(await world.runRow(later), { state: 'settled', counts: { commands: 1 } });
  t.is((await world.runRow(later)).joined, undefined);
});

test('a few hundred runs are planned in one pass', async (t) => {
  const world = pairs(600);
  await recorded(world, changes(world, 600, 600));
  world.topologyReads = 0;
  world.bell();
  const first = world.queue.shift();
  if (first) await world.handle(first.message);
  const planned = world.log.filter(({ step }) => step === 'planned').length;
  t.is(planned, 200, 'and the others wait unplanned until these have ended');
  const intended = world.log.filter(({ step }) => step === 'intend').length;
  t.is(intended, 10);
});

test('ten thousand events do not keep a person waiting', async (t) => {
  const world = pairs(40);
  await recorded(world, changes(world, 10_000, 40));
  const byHand = world.manual('apply', 'hs-39');
  await world.run(60_000);
  t.is((await world.outcome(byHand, 'hs-39'))?.result, 'repaired');
  t.is(world.sent()[0], 'apply hs-39', 'a person comes first');
  t.true((await world.store.runs.list(SUBSCRIPTION, 'arrived')).length < 10_000, 'and the events go on');
});
