/**
 * Lies: whatever an event, a caller, ARM or a guest says is refused or harmless, and no script ever carries it.
 * Long: one table of cases about one thing.
 */
import test from 'ava';
import fc from 'fast-check';
import { InputError } from '../../shared/errors.ts';
import { readMessage, signalMessage } from '../../shared/model/messages.ts';
import { DEFAULT_TAGS } from '../../shared/model/scope.ts';
import type { Signal } from '../../shared/model/signal.ts';
import type { Topology } from '../../shared/model/topology.ts';
import type { EventRead } from '../../shared/requests/envelope.ts';
import { readManualRun } from '../../shared/requests/manualRun.ts';
import { readMirrorFailover } from '../../shared/requests/mirrorFailover.ts';
import { readResourceChange } from '../../shared/requests/resourceChange.ts';
import { toEntity } from '../../shared/state/entities.ts';
import { SUBSCRIPTION, vmId, World } from '../helpers/world.ts';
import { sample } from '../samples.ts';
import { deepJson, hostile, spoil, textPaths } from './hostile.ts';
import { breaches } from './invariants.ts';

const SCOPE = { subscriptionIds: [SUBSCRIPTION], within: [], ...DEFAULT_TAGS };
const RUNS = 300;

const failoverEvent = {
  id: 'e1',
  topic: '/t',
  subject: vmId('hs-a'),
  eventType: 'IlbHairpinGuard.MirrorFailover',
  eventTime: '2026-01-05T10:00:00Z',
  data: { vmId: vmId('hs-a'), vip: '10.0.1.100', mirror: 'ucr' },
  dataVersion: '1',
};
const cloudEvent = {
  specversion: '1.0',
  id: 'e1',
  source: '/t',
  type: 'IlbHairpinGuard.MirrorFailover',
  time: '2026-01-05T10:00:00Z',
  subject: vmId('hs-a'),
  data: failoverEvent.data,
};

/** A reader's answer must be a signal within the scope, none, or an InputError whose message stays short. */
function holds(read: () => Signal[]): void {
  try {
    for (const signal of read()) {
      readMessage(JSON.stringify(signalMessage(signal)));
      if (signal.subscriptionId !== SUBSCRIPTION) throw new Error(`took subscription ${signal.subscriptionId}`);
      for (const { kind, id } of signal.scope) {
        if (kind !== 'vip' && !/^\/subscriptions\/0{8}-0{4}-0{4}-0{4}-0{12}(\/[\p{L}\p{N}_.()-]+)*$/iu.test(id))
          throw new Error(`took the id ${JSON.stringify(id)}`);
        if (id.split('/').includes('..')) throw new Error(`took the path ${id}`);
      }
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    if (error.message.length > 1500) throw new Error(`a message of ${error.message.length} characters`);
  }
}

const signalsOf = (read: EventRead): Signal[] => (read.kind === 'signal' ? [read.signal] : []);

const readers: Record<string, (raw: unknown) => Signal[]> = {
  mirrorFailover: (raw) => signalsOf(readMirrorFailover(raw, SCOPE, 1)),
  resourceChange: (raw) => signalsOf(readResourceChange(raw, SCOPE, 1)),
  message: (raw) => {
    const message = readMessage(raw);
    return message.kind === 'signal' ? [message] : [];
  },
  runs: (raw) => readManualRun(typeof raw === 'string' ? raw : JSON.stringify(raw), SCOPE, '0'.repeat(32), 1),
};

const GOOD: Record<string, unknown[]> = {
  mirrorFailover: [failoverEvent, cloudEvent],
  resourceChange: [sample('eg_resource_write_nic'), sample('eg_action_vm_start_runcommand')],
  runs: [{ scope: [vmId('hs-a')], mode: 'apply', dryRun: false }],
};

for (const [name, bodies] of Object.entries(GOOD)) {
  test(`${name}: any field may lie`, (t) => {
    for (const body of bodies) {
      const places = textPaths(body);
      fc.assert(
        fc.property(
          fc.subarray(places, { minLength: 1, maxLength: Math.min(3, places.length) }),
          fc.array(hostile, { minLength: 3, maxLength: 3 }),
          (at, texts) => {
            holds(() => (readers[name] as (raw: unknown) => Signal[])(spoil(body, at, texts)));
          },
        ),
        { numRuns: RUNS },
      );
    }
    t.pass();
  });
}

for (const [name, read] of Object.entries(readers)) {
  test(`${name}: any JSON at all`, (t) => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => holds(() => read(value))),
      { numRuns: RUNS },
    );
    t.pass();
  });

  test(`${name}: megabytes, depth and prototypes in every field`, (t) => {
    const deep: unknown = JSON.parse(deepJson());
    const big = 'A'.repeat(1_500_000);
    const proto: unknown = JSON.parse('{"__proto__": {"dryRun": true}, "constructor": {"prototype": {"x": 1}}}');
    for (const base of [
      failoverEvent,
      cloudEvent,
      { scope: [vmId('hs-a')], mode: 'apply' },
      { v: 1, kind: 'signal' },
    ]) {
      for (const value of [deep, big, proto, [big], Object.create(null)]) {
        for (const key of [...Object.keys(base), 'more']) {
          const lie = { ...base, [key]: value };
          if (name === 'runs' && value === deep) holds(() => read(deepBody(base, key)));
          else holds(() => read(lie));
        }
      }
    }
    holds(() => read(name === 'runs' ? deepJson() : deep));
    holds(() => read(big));
    t.is(Reflect.get({}, 'dryRun'), undefined);
    t.is(Reflect.get({}, 'x'), undefined);
  });
}

/** A body as text with depth in one field: no value of that depth can be made text again. */
const deepBody = (base: object, key: string): string =>
  JSON.stringify({ ...base, [key]: 'DEEP' }).replace('"DEEP"', deepJson());

/** A world whose ARM lies at some places, and whose guests print what they like. */
class LyingWorld extends World {
  places: (string | number)[][] = [];
  texts: string[] = [''];
  readonly scripts: string[] = [];

  override topology(): Topology {
    return spoil(super.topology(), this.places, this.texts);
  }

  override send(command: Parameters<World['send']>[0]): void {
    this.scripts.push(command.script);
    super.send(command);
  }
}

const lying = (): LyingWorld =>
  new LyingWorld(
    ['hs-a', 'hs-b'],
    ['ucr', 'pi'].map((name, i) => ({ name, vip: `10.0.1.${100 + i}`, members: ['hs-a', 'hs-b'], primary: 'hs-a' })),
  );

/** The part of a script between its plan marks: assignments of numbers, addresses, MACs, hex and three words. */
const PLAN =
  /^COMMAND_ID=[0-9a-f]{32}\nMODE=(check|apply|remove)\nCONNECT_SECONDS=\d+\nTOTAL_SECONDS=\d+\nCONTAINERS=(\d+(\.\d+){3}\/\d+)?\nNETWORKS=\([\d./ ]*\)\nVIP=\([\d. ]*\)\nPORT=\([\d ]*\)\nBACKEND_IP=\([\d., ]*\)\nBACKEND_MAC=\([0-9a-f:, ]*\)\nVIA_IP=\([\d. ]*\)\nVIA_MAC=\([0-9a-f: ]*\)\nKEPT=\((\[\d+\]=kept ?)*\)\n$/;
const WINDOWS_PLAN =
  /^\$CommandId = '[0-9a-f]{32}'\n\$Mode = '(check|apply|remove)'\n\$ConnectSeconds = \d+\n\$TotalSeconds = \d+\n\$Networks = @\(('[\d./]+'(, )?)*\)\n# One line[^\n]*\n\$Plan = @\((\n {4}'[\d., A-F-]+( kept)?')*\n?\)\n$/;

function planPart(script: string): { rest: string; plan: string } {
  const begin = script.indexOf('# --- plan ---\n') + '# --- plan ---\n'.length;
  const end = script.indexOf('# --- end of plan ---\n');
  return {
    plan: script.slice(begin, end),
    rest: (script.slice(0, begin) + script.slice(end)).replace(/command [0-9a-f]{32}\n/, ''),
  };
}

test('ARM: any text of the lists may lie; the run ends, rows fit their table, scripts hold a plan and nothing else', async (t) => {
  const honest = lying();
  honest.sweep();
  await honest.run();
  const rests = new Set(honest.scripts.map((script) => planPart(script).rest));
  t.is(rests.size, 1);
  const places = textPaths(honest.topology());
  await fc.assert(
    fc.asyncProperty(
      fc.subarray(places, { minLength: 1, maxLength: 4 }),
      fc.array(hostile, { minLength: 4, maxLength: 4 }),
      fc.boolean(),
      async (at, texts, remove) => {
        const world = lying();
        world.places = at;
        world.texts = texts;
        const posted = [world.sweep()];
        if (remove) posted.push(world.manual('remove', 'hs-a'));
        await world.run(3 * 3_600_000);
        const found = await breaches(world, posted);
        if (found.length > 0) throw new Error(found.join('; '));
        for (const script of world.scripts) {
          const { plan, rest } = planPart(script);
          const isWindows = plan.startsWith('$');
          if (!(isWindows ? WINDOWS_PLAN : PLAN).test(plan)) throw new Error(`rendered: ${plan}`);
          if (!isWindows && !rests.has(rest)) throw new Error('the script itself was changed');
        }
        await everyRowFits(world);
      },
    ),
    { numRuns: 250 },
  );
});

/** A table's entity is 1 MiB at most; toEntity and the table refuse more, and a row that never fits would stop the loop. */
async function everyRowFits(world: World): Promise<void> {
  const { runs, outcomes, vms, frontends } = world.store;
  const all: unknown[] = [];
  for (const { row } of await runs.list(SUBSCRIPTION)) {
    all.push(row, ...(await outcomes.list((row as { runId: string }).runId)).map((outcome) => outcome.row));
  }
  all.push(
    ...(await vms.list(SUBSCRIPTION)).map((vm) => vm.row),
    ...(await frontends.list(SUBSCRIPTION)).map((it) => it.row),
  );
  for (const row of all) {
    const size = JSON.stringify(toEntity('p', 'k', row, { id: '' })).length;
    if (size > 200_000) throw new Error(`a row of ${size} characters`);
  }
}

test('guests: whatever they print, the outcome is a report or a failure with its code, and others go on', async (t) => {
  const printed = fc.oneof(
    hostile,
    fc.string({ unit: 'binary', minLength: 4096, maxLength: 4096 }),
    fc
      .tuple(hostile, hostile)
      .map(
        ([w, d]) =>
          `ILB-HAIRPIN-GUARD ID ${JSON.stringify({ v: 1, os: 'linux', mode: 'apply', chg: 1, p: [], w: [w], e: 'BUSY', d })}`,
      ),
    fc.constant(`ILB-HAIRPIN-GUARD ID ${deepJson()}`),
    fc.constant('ILB-HAIRPIN-GUARD ID {"__proto__":{"v":1}}'),
    fc.constant('ILB-HAIRPIN-GUARD ID {"v":1,"os":"linux","mode":"apply","chg":1,"p":["__proto__;;;o1;o1;s;"],"w":[]}'),
  );
  await fc.assert(
    fc.asyncProperty(printed, async (text) => {
      const world = lying();
      const { look } = world;
      world.look = (vm, slot) => {
        const view = look.call(world, vm, slot);
        if (!view || !vm.endsWith('hs-b') || view.output === '') return view;
        return { ...view, output: text.replace('ID', view.commandId ?? '') };
      };
      const posted = [world.manual('apply', 'hs-b')];
      await world.run(3 * 3_600_000);
      posted.push(world.manual('apply', 'hs-a'));
      await world.run(3 * 3_600_000);
      const found = await breaches(world, posted);
      if (found.length > 0) throw new Error(found.join('; '));
      const outcome = await world.outcome(posted[0] ?? '', 'hs-b');
      if (outcome?.result !== 'failed' && outcome?.result !== 'blocked') throw new Error(`hs-b is ${outcome?.result}`);
      if ((await world.outcome(posted[1] ?? '', 'hs-a'))?.result !== 'repaired')
        throw new Error('hs-a was not repaired');
      await everyRowFits(world);
    }),
    { numRuns: 100 },
  );
  t.pass();
});
