/**
 * Mirrors whose load balancer and members lie in two subscriptions, each with a loop of its own.
 * Long: one table of cases about one thing.
 */
import test from 'ava';
import { signalMessage } from '../../shared/model/messages.ts';
import type { FrontendRow, RunRow } from '../../shared/model/rows.ts';
import type { LoopSettings } from '../../shared/model/settings.ts';
import { rowKey } from '../../shared/model/store.ts';
import { articleWorld, frontendId, OTHER, refusal, SETTINGS, SUBSCRIPTION, World } from '../helpers/world.ts';

const SCOPE = { ...SETTINGS.scope, subscriptionIds: [SUBSCRIPTION, OTHER] };

/** The article's estate, both primaries on hs-a, with these things in the other subscription. */
function spread(there: string[], settings: Partial<LoopSettings> = {}): World {
  const world = articleWorld({ scope: SCOPE, ...settings });
  for (const name of there) world.homes.set(name, OTHER);
  return world;
}

const sweepBoth = (world: World) => [world.sweep(SUBSCRIPTION), world.sweep(OTHER)] as const;
const codes = async (world: World, runId: string, vm: string) =>
  (await world.outcome(runId, vm))?.findings.map(({ code }) => code);

for (const [title, there] of [
  ['one member elsewhere', ['hs-b']],
  ['the load balancer elsewhere', ['lb']],
  ['load balancer and one member elsewhere', ['lb', 'hs-a']],
  ['both members elsewhere', ['hs-a', 'hs-b']],
] as const) {
  test(`sweeps repair every member, the primary last: ${title}`, async (t) => {
    const world = spread([...there]);
    sweepBoth(world);
    await world.run(300_000);
    t.deepEqual(world.sent(), ['apply hs-b', 'apply hs-a']);
    t.deepEqual(world.overlaps, []);
    t.deepEqual([...world.guests.values()], ['right', 'right']);
    for (const name of ['ucr', 'pi']) {
      const rows = await Promise.all(
        [SUBSCRIPTION, OTHER].map((id) => world.store.frontends.get(id, rowKey(world.frontendId(name)))),
      );
      const home = world.homeOf('lb') === SUBSCRIPTION ? 0 : 1;
      t.truthy(rows[home], 'one row, with the load balancer');
      t.is(rows[1 - home], undefined);
    }
  });
}

test('a failover notice in one subscription reaches the members in the other, the new primary first', async (t) => {
  for (const there of [['hs-b'], ['hs-b', 'lb'], ['hs-a'], ['lb']]) {
    const world = spread(there);
    const runId = world.failover('ucr', 'hs-b');
    await world.run(300_000);
    t.deepEqual(world.sent(), ['apply hs-b', 'apply hs-a'], there.join());
    t.deepEqual(world.overlaps, []);
    for (const id of new Set(['hs-a', 'hs-b'].map((name) => world.homeOf(name)))) {
      const row = await world.runRow(runId, id);
      t.like(row, { state: 'settled', signal: 'failover', confirmation: { state: 'confirmed' } });
    }
    t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
    t.is((await world.outcome(runId, 'hs-b'))?.result, 'repaired');
    t.is(world.log.filter(({ step }) => step === 'accepted').length, 1);
  }
});

test('a changed load balancer, and a run by hand for it, reach the members in the other subscription', async (t) => {
  for (const signal of ['resourceChange', 'manual'] as const) {
    const world = spread(['hs-b']);
    const lb = frontendId('').replace(/\/frontendIPConfigurations\/$/, '');
    const runId = world.post(world.signal(signal, [{ kind: 'loadBalancer', id: lb }]));
    await world.run(300_000);
    t.deepEqual(world.sent().toSorted(), ['apply hs-a', 'apply hs-b']);
    t.like(await world.runRow(runId, OTHER), { state: 'settled', handedBy: SUBSCRIPTION, counts: { vms: 1 } });
    t.like(await world.runRow(runId), { state: 'settled', counts: { vms: 1 } });
    t.is((await world.runRow(runId)).handedBy, undefined);
  }
});

test('a run by hand for one VM stays in its subscription', async (t) => {
  const world = spread(['hs-b']);
  const runId = world.manual('apply', 'hs-a');
  await world.run(300_000);
  t.deepEqual(world.sent(), ['apply hs-a']);
  t.is(await world.store.runs.get(OTHER, runId), undefined);
});

test('a loop that is killed before it rings for the other: the minute’s bell takes the run up', async (t) => {
  const world = spread(['hs-b']);
  const { ports } = world;
  world.ports = () => ({ ...ports.call(world), bell: { ring: async () => {} } });
  const runId = world.failover('ucr', 'hs-a');
  await world.run(1000);
  t.is((await world.store.runs.get(OTHER, runId))?.row.state, 'accepted');
  world.ports = ports;
  world.bell();
  await world.run(300_000);
  t.is((await world.outcome(runId, 'hs-b'))?.result, 'repaired');
});

test('a failed apply halts the mirror for the members in the other subscription, until it works', async (t) => {
  const world = spread(['hs-b']);
  world.guests.set('hs-b', 'broken');
  const [here] = sweepBoth(world);
  await world.run(600_000);
  t.deepEqual(world.sent(), ['apply hs-b']);
  t.is((await world.outcome(here, 'hs-a'))?.result, 'blocked');
  t.deepEqual(await codes(world, here, 'hs-a'), ['ROLLOUT_HALTED']);
  const row = (await world.store.frontends.get(SUBSCRIPTION, rowKey(frontendId('ucr'))))?.row as FrontendRow;
  t.is(row.halted?.vmId, world.vmId('hs-b'));
  world.guests.set('hs-b', 'wrong');
  // The first of them clears the halt, as in one subscription.
  for (let i = 0; i < 2; i += 1) {
    world.now += 3_600_000;
    sweepBoth(world);
    await world.run(600_000);
  }
  t.deepEqual([...world.guests.values()], ['right', 'right']);
  t.deepEqual(world.sent(), ['apply hs-b', 'apply hs-b', 'apply hs-a']);
});

test('a member in the other subscription that nothing is begun with is waited for no longer than two minutes', async (t) => {
  const world = spread(['hs-b']);
  const runId = world.sweep();
  await world.run(110_000);
  t.deepEqual(world.sent(), []);
  t.is((await world.outcome(runId, 'hs-a'))?.waitingFor, 'MEMBER_FIRST');
  await world.run(60_000);
  t.deepEqual(world.sent(), ['apply hs-a']);
});

test('a command that never ends in one subscription keeps the other member away', async (t) => {
  const world = spread(['hs-b']);
  world.guests.set('hs-b', 'silent');
  world.commandMs = 36_000_000;
  world.cancel = () => {};
  world.manual('apply', 'hs-b');
  await world.run(3000);
  const runId = world.manual('apply', 'hs-a');
  await world.run(1_800_000);
  t.deepEqual(world.sent(), ['apply hs-b']);
  t.is((await world.outcome(runId, 'hs-a'))?.waitingFor, 'MEMBER_BUSY');
});

test('a loop that stands still between its intent and its send keeps the other member away, and goes on', async (t) => {
  const world = spread(['hs-b']);
  const { look } = world;
  world.look = () => {
    throw refusal(503);
  };
  world.manual('apply', 'hs-b');
  await world.run(2000);
  t.is((await world.vmRow('hs-b'))?.command?.phase, 'intended');
  world.look = look;
  world.queue.length = 0;
  world.manual('apply', 'hs-a');
  await world.run(10_000);
  t.deepEqual(world.sent(), [], 'an intent is as good as a command');
  world.bell();
  await world.run(300_000);
  t.deepEqual(world.sent(), ['apply hs-b', 'apply hs-a']);
  t.deepEqual(world.overlaps, []);
});

test('two intents at once: the one with the higher key is taken back, and takes its turn again', async (t) => {
  const world = spread(['hs-b']);
  world.manual('check', 'hs-a');
  world.manual('check', 'hs-b');
  await world.run(300_000);
  const runs = [world.signal('manual', []), world.signal('manual', [])].map((signal, i) => ({
    ...signal,
    subscriptionId: [SUBSCRIPTION, OTHER][i] ?? '',
    scope: [{ kind: 'vm' as const, id: world.vmId(['hs-a', 'hs-b'][i] ?? '') }],
  }));
  world.now += 10_000;
  // Both plan and intend before either reads the other's row.
  const { store } = world;
  let reads = 0;
  let gate = Promise.withResolvers<void>();
  const list = store.vms.list.bind(store.vms);
  store.vms.list = async (partition, filter, options) => {
    const found = await list(partition, filter, options);
    if (filter !== 'commanded' || reads >= 4) return found;
    reads += 1;
    const { promise, resolve } = gate;
    if (reads % 2 === 0) {
      gate = Promise.withResolvers();
      resolve();
    }
    await promise;
    return found;
  };
  await Promise.all(runs.map((signal) => world.handle(signalMessage(signal))));
  await world.run(300_000);
  t.is(world.log.filter(({ step }) => step === 'taken-back').length, 1);
  t.deepEqual(world.sent().slice(2), ['apply hs-a', 'apply hs-b']);
  t.deepEqual(world.overlaps, []);
  for (const { runId, subscriptionId } of runs) t.is((await world.runRow(runId, subscriptionId)).counts.repaired, 1);
});

/** Two pairs: hs-a and hs-b behind a load balancer elsewhere, `own` alone behind nothing of it. */
function pairs(): World {
  const world = new World(
    ['hs-a', 'hs-b', 'hs-c'],
    [
      { name: 'ucr', vip: '10.0.1.100', members: ['hs-a', 'hs-b'], primary: 'hs-a' },
      { name: 'pi', vip: '10.0.1.101', members: ['hs-c'], primary: 'hs-c' },
    ],
    { scope: SCOPE },
  );
  world.homes.set('hs-b', OTHER);
  return world;
}

test('a subscription whose lists fail: others go on, what needs them waits, and nothing is taken out of a guest', async (t) => {
  const world = pairs();
  sweepBoth(world);
  await world.run(600_000);
  t.deepEqual([...world.guests.values()], ['right', 'right', 'right']);
  const before = world.executions.length;
  // The load balancer's subscription cannot be read any more.
  world.unreadable.add(SUBSCRIPTION);
  world.now += 25 * 3_600_000;
  const there = world.sweep(OTHER);
  await world.run(1_200_000);
  t.like(await world.runRow(there, OTHER), { state: 'settled', counts: { unknown: 1, vms: 1 } });
  t.deepEqual(await codes(world, there, 'hs-b'), ['SUBSCRIPTION_UNREAD']);
  const change = world.post(
    world.signal('resourceChange', [{ kind: 'vm', id: world.vmId('hs-b') }], { subscriptionId: OTHER }),
  );
  const byHand = world.manual('apply', 'hs-b');
  await world.run(120_000);
  t.is((await world.outcome(byHand, 'hs-b'))?.waitingFor, 'SUBSCRIPTION_UNREAD');
  t.deepEqual(world.sent().slice(before), []);
  t.true(world.log.some(({ step, fields }) => step === 'subscription-unread' && fields.unread === SUBSCRIPTION));
  // It can be read again: what waited goes on.
  world.unreadable.clear();
  await world.run(300_000);
  t.deepEqual(world.sent().slice(before), ['apply hs-b']);
  t.is((await world.outcome(byHand, 'hs-b'))?.result, 'compliant');
  t.is((await world.runRow(change, OTHER)).state, 'settled');
  t.true((await world.vmRow('hs-b'))?.look?.report.paths.some(({ vip }) => vip === '10.0.1.100'));
});

test('the load balancer’s lists fail between an intent and its send: it waits for them, and goes on', async (t) => {
  const world = spread(['lb']);
  const { look } = world;
  world.look = () => {
    throw refusal(503);
  };
  const runId = world.manual('apply', 'hs-a');
  await world.run(2000);
  t.is((await world.vmRow('hs-a'))?.command?.phase, 'intended');
  world.look = look;
  world.unreadable.add(OTHER);
  await world.run(30_000);
  t.is((await world.vmRow('hs-a'))?.command?.phase, 'intended');
  t.deepEqual(world.sent(), []);
  await world.run(300_000);
  t.is((await world.vmRow('hs-a'))?.command, undefined, 'it does not hold its place for ever');
  t.is((await world.outcome(runId, 'hs-a'))?.waitingFor, 'SUBSCRIPTION_UNREAD');
  world.unreadable.clear();
  await world.run(300_000);
  t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
  t.deepEqual(world.sent(), ['apply hs-a']);
});

test('a subscription whose members cannot be read: its load balancer’s other members go on', async (t) => {
  const world = pairs();
  world.unreadable.add(OTHER);
  const here = world.sweep();
  await world.run(600_000);
  t.deepEqual(world.sent().toSorted(), ['apply hs-a', 'apply hs-c']);
  t.like(await world.runRow(here), { state: 'settled', counts: { repaired: 2 } });
  t.is(world.topologyReads > 0, true);
});

test('health of a frontend is asked by whoever needs it, not twice, and watched by its load balancer’s loop', async (t) => {
  const world = spread(['hs-a', 'hs-b']);
  sweepBoth(world);
  await world.run(300_000);
  const reads = world.healthReads;
  for (let minute = 0; minute < 10; minute += 1) {
    world.now += 60_000;
    world.bell();
    await world.run(1000);
  }
  t.is(world.healthReads - reads, 20, 'two frontends, once a minute each');
  const moved = world.mirrors[0];
  if (moved) moved.primary = 'hs-b';
  world.now += 60_000;
  world.bell();
  await world.run(300_000);
  const runs = (await world.store.runs.list(OTHER)).map(({ row }) => row as RunRow);
  t.is(runs.filter(({ signal }) => signal === 'primaryMoved').length, 1);
  t.true(world.sent().length > 2, 'its members were looked at in their own subscription');
});
