/** Properties of the loop over random estates and random histories: what must hold whatever happens in between. */
import test from 'ava';
import fc from 'fast-check';
import { bellMessage } from '../../shared/state/messages.ts';
import { isOpen, type RunRow } from '../../shared/state/rows.ts';
import { refusal, SUBSCRIPTION, vmId, World } from './world.ts';

const VMS = ['vm0', 'vm1', 'vm2', 'vm3'];
const vm = fc.constantFrom(...VMS);
const mirrorIndex = fc.nat(3);

type Act =
  | { do: 'sweep' | 'bell' | 'doubleLast' | 'loseBells' }
  | { do: 'failover'; mirror: number; to: string }
  | { do: 'falseNotice'; mirror: number; vm: string }
  | { do: 'manual'; mode: 'check' | 'apply' | 'remove'; vm: string; dryRun: boolean }
  | { do: 'change'; vm: string }
  | { do: 'drift' | 'stop' | 'start' | 'agentGone' | 'agentBack' | 'optOut'; vm: string }
  | { do: 'guest'; vm: string; state: 'broken' | 'silent' | 'wrong' }
  | { do: 'refuse'; vm: string; status: number }
  | { do: 'wait'; ms: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constantFrom('sweep' as const, 'bell' as const, 'doubleLast' as const, 'loseBells' as const) }),
  fc.record({ do: fc.constant('failover' as const), mirror: mirrorIndex, to: vm }),
  fc.record({ do: fc.constant('falseNotice' as const), mirror: mirrorIndex, vm }),
  fc.record({
    do: fc.constant('manual' as const),
    mode: fc.constantFrom('check' as const, 'apply' as const, 'remove' as const),
    vm,
    dryRun: fc.boolean(),
  }),
  fc.record({ do: fc.constant('change' as const), vm }),
  fc.record({
    do: fc.constantFrom(
      'drift' as const,
      'stop' as const,
      'start' as const,
      'agentGone' as const,
      'agentBack' as const,
      'optOut' as const,
    ),
    vm,
  }),
  fc.record({
    do: fc.constant('guest' as const),
    vm,
    state: fc.constantFrom('broken' as const, 'silent' as const, 'wrong' as const),
  }),
  fc.record({ do: fc.constant('refuse' as const), vm, status: fc.constantFrom(0, 403, 404, 409, 429, 500, 503) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 200_000 }) }),
);

const estate = fc.record({
  mirrors: fc.array(
    fc.record({
      members: fc.uniqueArray(vm, { minLength: 1, maxLength: 3 }),
      primary: fc.option(fc.nat(2), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  oneNic: fc.subarray(VMS, { maxLength: 1 }),
  maxCommands: fc.integer({ min: 1, max: 4 }),
});

function build({ mirrors, oneNic, maxCommands }: typeof estate extends fc.Arbitrary<infer T> ? T : never): World {
  const world = new World(
    VMS,
    mirrors.map(({ members, primary }, i) => ({
      name: `m${i}`,
      vip: `10.0.1.${100 + i}`,
      members,
      primary: primary === undefined ? undefined : members[primary % members.length],
    })),
    { maxCommands },
  );
  for (const name of oneNic) world.oneNic.add(name);
  return world;
}

async function play(world: World, step: Act): Promise<void> {
  const mirror = 'mirror' in step ? world.mirrors[step.mirror % world.mirrors.length] : undefined;
  switch (step.do) {
    case 'sweep':
      world.sweep();
      break;
    case 'bell':
      world.bell();
      break;
    case 'doubleLast': {
      const last = world.queue.at(-1);
      if (last) world.queue.push({ ...last });
      break;
    }
    case 'loseBells':
      world.queue.splice(0, world.queue.length, ...world.queue.filter(({ message }) => message.kind === 'signal'));
      break;
    case 'failover':
      if (mirror?.members.includes(step.to)) world.failover(mirror.name, step.to);
      break;
    case 'falseNotice':
      if (mirror)
        world.post(
          world.signal('failover', [
            { kind: 'vm', id: vmId(step.vm) },
            { kind: 'vip', id: mirror.vip },
          ]),
        );
      break;
    case 'manual':
      world.manual(step.mode, step.vm, { dryRun: step.dryRun });
      break;
    case 'change':
      world.post(world.signal('resourceChange', [{ kind: 'vm', id: vmId(step.vm) }]));
      break;
    case 'drift':
      if (world.guests.get(step.vm) === 'right') world.guests.set(step.vm, 'wrong');
      break;
    case 'stop':
      world.stopped.add(step.vm);
      break;
    case 'start':
      world.stopped.delete(step.vm);
      break;
    case 'agentGone':
      world.agents.set(step.vm, { status: 'Not Ready' });
      break;
    case 'agentBack':
      world.agents.delete(step.vm);
      break;
    case 'optOut':
      world.tags.set(step.vm, { 'ilb-hairpin-guard-opt-out': 'true' });
      break;
    case 'guest':
      world.guests.set(step.vm, step.state);
      break;
    case 'refuse':
      world.sendFaults.set(step.vm, [
        ...(world.sendFaults.get(step.vm) ?? []),
        refusal(step.status, step.status === 429 ? 30 : undefined),
      ]);
      break;
    case 'wait':
      await world.run(step.ms);
      world.now += step.ms;
      break;
  }
}

/** Bells go lost; the minute's bell then takes up what is open. */
async function untilQuiet(world: World): Promise<void> {
  for (let minute = 0; minute < 240; minute += 1) {
    world.queue.push({ at: world.now, message: bellMessage(SUBSCRIPTION) });
    await world.run(60_000);
    world.now += 60_000;
    const open = await world.store.runs.list(SUBSCRIPTION, 'open');
    const inFlight = (await world.store.vms.list(SUBSCRIPTION)).some(
      ({ row }) => (row as { command?: unknown }).command,
    );
    if (open.length === 0 && !inFlight) break;
  }
}

const RUNS = Number(process.env.HAIRPIN_HISTORIES ?? 60);

test('over random histories every signal settles, no VM has two commands, members are never changed at once', async (t) => {
  t.timeout(1_200_000);
  await fc.assert(
    fc.asyncProperty(estate, fc.array(act, { minLength: 1, maxLength: 25 }), async (plan, acts) => {
      const world = build(plan);
      const optedOutAt = new Map<string, number>();
      for (const step of acts) {
        if (step.do === 'optOut') optedOutAt.set(step.vm, world.now);
        await play(world, step);
      }
      const posted = new Set(
        acts.length > 0
          ? world.log.filter((line) => line.step === 'accepted').map((line) => String(line.fields.runId))
          : [],
      );
      await untilQuiet(world);
      const runs = (await world.store.runs.list(SUBSCRIPTION)).map(({ row }) => row as RunRow);
      for (const runId of posted) if (!runs.some((run) => run.runId === runId)) throw new Error(`run ${runId} is lost`);
      for (const run of runs) {
        if (isOpen(run)) throw new Error(`run ${run.runId} (${run.signal}) is still ${run.state}`);
        for (const { row } of await world.store.outcomes.list(run.runId)) {
          if ((row as { state: string }).state !== 'settled')
            throw new Error(`an outcome of ${run.runId} is not settled`);
        }
      }
      if (world.overlaps.length > 0) throw new Error(`changed at once: ${world.overlaps.join(', ')}`);
      if (world.mostAtOnce > plan.maxCommands) throw new Error(`${world.mostAtOnce} commands at once`);
      for (const execution of world.executions) {
        if (world.oneNic.has(execution.vm) && execution.mode !== 'remove')
          throw new Error(`${execution.vm} has one NIC`);
      }
      for (const { at, step, fields } of world.log) {
        const outAt = optedOutAt.get(String(fields.vmId).split('/').at(-1) ?? '');
        if (step === 'intend' && outAt !== undefined && at > outAt) throw new Error(`${fields.vmId} is opted out`);
      }
      const ids = world.executions.map((execution) => execution.commandId);
      if (new Set(ids).size !== ids.length) throw new Error('one command ran twice');
    }),
    { numRuns: RUNS },
  );
  t.pass();
});

test('once everything is right, another sweep asks for nothing', async (t) => {
  t.timeout(1_200_000);
  await fc.assert(
    fc.asyncProperty(estate, async (plan) => {
      const world = build({
        ...plan,
        mirrors: plan.mirrors.map((mirror) => ({ ...mirror, primary: mirror.primary ?? 0 })),
      });
      world.sweep();
      await untilQuiet(world);
      const before = world.executions.length;
      world.sweep();
      await untilQuiet(world);
      if (world.executions.length !== before) throw new Error(`sent again: ${world.sent().slice(before).join(', ')}`);
    }),
    { numRuns: RUNS },
  );
  t.pass();
});

test('audit mode never changes a guest, whatever happens', async (t) => {
  t.timeout(1_200_000);
  await fc.assert(
    fc.asyncProperty(estate, fc.array(act, { minLength: 1, maxLength: 15 }), async (plan, acts) => {
      const world = build(plan);
      world.settings.enforcement = 'audit';
      for (const step of acts) await play(world, step);
      await untilQuiet(world);
      const changed = world.executions.filter((execution) => execution.mode !== 'check');
      if (changed.length > 0) throw new Error(`changed ${changed.map((item) => item.vm).join(', ')}`);
    }),
    { numRuns: RUNS },
  );
  t.pass();
});
