/** Storms, echoes and starvation over the real loop in memory. */
import test from 'ava';
import { bellMessage, signalMessage } from '../../shared/model/messages.ts';
import { DEFAULT_TAGS } from '../../shared/model/scope.ts';
import { readResourceChange } from '../../shared/requests/resourceChange.ts';
import { resourceEvent } from '../../simulator/arm/events.ts';
import { refusal, SUBSCRIPTION, vmId, World } from '../helpers/world.ts';
import { breaches } from './invariants.ts';

/** Mirrors of two VMs each. */
function pairs(count: number, settings: ConstructorParameters<typeof World>[2] = {}): World {
  return new World(
    Array.from({ length: 2 * count }, (_, i) => `vm${i}`),
    Array.from({ length: count }, (_, i) => ({
      name: `m${i}`,
      vip: `10.1.${i >> 8}.${i & 255}`,
      members: [`vm${2 * i}`, `vm${2 * i + 1}`],
      primary: `vm${2 * i}`,
    })),
    settings,
  );
}

const perVm = (world: World): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const { vm } of world.executions) counts.set(vm, (counts.get(vm) ?? 0) + 1);
  return counts;
};

test.serial(
  '1,000 events about 100 VMs in 10 s, each twice: two commands per VM at most, one at a time, mirrors one by one',
  async (t) => {
    t.timeout(900_000);
    const world = pairs(50);
    const posted: string[] = [];
    const began = world.now;
    for (let i = 0; i < 1000; i += 1) {
      world.now = began + i * 10;
      const vm = (i * 37) % 100;
      const signal =
        i % 5 === 0
          ? world.signal('failover', [
              { kind: 'vm', id: vmId(`vm${vm - (vm % 2)}`) },
              { kind: 'vip', id: `10.1.0.${Math.floor(vm / 2)}` },
            ])
          : world.signal('resourceChange', [{ kind: 'vm', id: vmId(`vm${vm}`) }]);
      posted.push(world.post({ ...signal, runId: i.toString(16).padStart(32, '0') }));
      world.queue.push({ at: world.now + 500, message: signalMessage({ ...signal, runId: posted.at(-1) ?? '' }) });
    }
    world.now = began;
    await world.run(4 * 3_600_000);
    t.deepEqual(await breaches(world, posted), []);
    t.is(world.queue.length, 0);
    const counts = perVm(world);
    t.is(counts.size, 100);
    t.true(Math.max(...counts.values()) <= 2, `${Math.max(...counts.values())} commands on one VM`);
    t.true(world.topologyReads < 120, `${world.topologyReads} readings of the estate`);
    t.log(`${world.executions.length} commands, ${world.topologyReads} readings, ${(world.now - began) / 1000} s`);
  },
);

test.serial(
  '1,000 failovers about 100 VMs in 10 s: all confirmed, and settled soon after the least that commands take',
  async (t) => {
    t.timeout(900_000);
    const world = pairs(50, { maxCommands: 10, healthPerMinute: 30 });
    const began = world.now;
    const posted = Array.from({ length: 1000 }, (_, i) => {
      world.now = began + i * 10;
      const pair = i % 50;
      const scope = [
        { kind: 'vm' as const, id: vmId(`vm${2 * pair}`) },
        { kind: 'vip' as const, id: `10.1.0.${pair}` },
      ];
      return world.post({ ...world.signal('failover', scope), runId: i.toString(16).padStart(32, '0') });
    });
    const lastEvent = world.now;
    // The watch rings each minute.
    for (let at = began; at < began + 3_600_000; at += 60_000) {
      world.queue.push({ at, message: bellMessage(SUBSCRIPTION) });
    }
    world.now = began;
    await world.run(3_600_000);
    t.deepEqual(await breaches(world, posted), []);
    const rows = await Promise.all(posted.map((runId) => world.runRow(runId)));
    const states = new Set(rows.map(({ confirmation }) => confirmation?.state));
    t.deepEqual([...states].sort(), ['confirmed', undefined], 'joined, or confirmed');
    t.true(world.executions.length <= 120, `${world.executions.length} commands`);
    const least = (100 / 10) * world.commandMs;
    const took = Math.max(...rows.map(({ settledAt = Number.NaN }) => settledAt)) - lastEvent;
    t.true(took <= 1.3 * least, `${took / 1000} s, the least is ${least / 1000} s`);
  },
);

test.serial('100 VMs that fail do not starve one that works', async (t) => {
  t.timeout(900_000);
  const world = pairs(51);
  for (let i = 0; i < 100; i += 1) world.guests.set(`vm${i}`, 'silent');
  for (let i = 0; i < 50; i += 1) {
    world.sendFaults.set(
      `vm${2 * i + 1}`,
      Array.from({ length: 9 }, () => refusal(i % 2 ? 409 : 503)),
    );
  }
  const sweep = world.sweep();
  await world.run(1000);
  const began = world.now;
  const runId = world.manual('apply', 'vm100');
  await world.run(2 * 60_000);
  const outcome = await world.outcome(runId, 'vm100');
  t.is(outcome?.result, 'repaired', `it is ${outcome?.state} ${outcome?.waitingFor}`);
  t.true((outcome?.settledAt ?? 0) - began < 120_000);
  await world.run(6 * 3_600_000);
  t.deepEqual(await breaches(world, [sweep, runId]), []);
  t.is((await world.outcome(sweep, 'vm101'))?.result, 'repaired', 'by the sweep too');
});

test.serial('VMs that somebody else keeps busy for an hour give their places away', async (t) => {
  t.timeout(900_000);
  const world = pairs(20, { maxCommands: 2 });
  for (let i = 0; i < 10; i += 1)
    world.sendFaults.set(
      `vm${2 * i + 1}`,
      Array.from({ length: 60 }, () => refusal(409)),
    );
  const runId = world.sweep();
  await world.run(30 * 60_000);
  for (let i = 10; i < 20; i += 1) t.is((await world.outcome(runId, `vm${2 * i}`))?.result, 'repaired');
  await world.run(6 * 3_600_000);
  t.deepEqual(await breaches(world, [runId]), []);
  t.is((await world.runRow(runId)).counts.repaired, 40);
});

test.serial(
  'ceilings hold: commands at a time, health questions per minute, with rotation through all frontends',
  async (t) => {
    t.timeout(900_000);
    const world = pairs(60, { maxCommands: 7, healthPerMinute: 20 });
    const asked: number[] = [];
    const rules = new Set<string>();
    const { health } = world;
    world.health = (rule) => {
      asked.push(world.now);
      rules.add(rule);
      return health.call(world, rule);
    };
    const runId = world.sweep();
    for (let minute = 0; minute < 60; minute += 1) {
      world.bell();
      await world.run(60_000);
      world.now = Math.max(world.now, Math.ceil((world.now + 1) / 60_000) * 60_000);
    }
    t.is(world.mostAtOnce, 7);
    for (const at of asked) {
      const within = asked.filter((other) => other >= at && other < at + 60_000).length;
      t.true(within <= 20, `${within} questions within a minute`);
    }
    t.is(rules.size, 60);
    await world.run(6 * 3_600_000);
    t.deepEqual(await breaches(world, [runId]), []);
  },
);

test.serial('its own commands and questions come back as events, and cause nothing: an hour', async (t) => {
  t.timeout(900_000);
  const world = pairs(5);
  world.sweep();
  await world.run(600_000);
  t.is(world.executions.length, 10);
  const scope = { subscriptionIds: [SUBSCRIPTION], within: [], ...DEFAULT_TAGS };
  for (const { vm, slot } of world.executions) {
    for (const [operationName, resourceId] of [
      ['Microsoft.Compute/virtualMachines/runCommands/write', `${vmId(vm)}/runCommands/ilbHairpinGuard-${slot}`],
      ['Microsoft.Compute/virtualMachines/runCommands/delete', `${vmId(vm)}/runCommands/ilbHairpinGuard-${slot}`],
      [
        'Microsoft.Network/loadBalancers/loadBalancingRules/health/action',
        `/subscriptions/${SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Network/loadBalancers/lb/loadBalancingRules/r`,
      ],
    ] as const) {
      const event = resourceEvent({ operationName, resourceId, subscriptionId: SUBSCRIPTION });
      t.is(readResourceChange(event, scope, 1).kind, 'ignored', operationName);
    }
  }
  const before = world.executions.length;
  for (let minute = 0; minute < 60; minute += 1) {
    world.bell();
    await world.run(60_000);
    world.now = Math.max(world.now, Math.ceil((world.now + 1) / 60_000) * 60_000);
  }
  t.is(world.executions.length, before, 'an hour of bells and health questions: no command');
});

test.serial('a subscription that fails in every call does not slow another', async (t) => {
  t.timeout(900_000);
  const [sick, well] = [pairs(5), pairs(5)];
  sick.topologyFault = refusal(503);
  const runs = [sick.sweep(), well.sweep()];
  const took: number[] = [];
  await Promise.all(
    [sick, well].map(async (world, i) => {
      const began = world.now;
      await world.run(3_600_000);
      took[i] = world.now - began;
    }),
  );
  t.is((await sick.runRow(runs[0] ?? '')).state, 'failed');
  t.is((await well.runRow(runs[1] ?? '')).counts.repaired, 10);
  const alone = pairs(5);
  const began = alone.now;
  alone.sweep();
  await alone.run(3_600_000);
  t.is(took[1], alone.now - began);
});
