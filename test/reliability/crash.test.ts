/**
 * Killed at any call: a scenario of all kinds of work is played step by step; each step is played again once for each
 * call that it makes over an interface, with the process killed right before that call took effect, and right after.
 * Then the minutes' bells go on. The table of kills is made from the calls themselves.
 */
import test, { type ExecutionContext } from 'ava';
import { cancelMessage } from '../../shared/model/messages.ts';
import type { RunRow } from '../../shared/model/rows.ts';
import { REQUESTS } from '../../shared/model/store.ts';
import { refusal, SUBSCRIPTION } from '../helpers/world.ts';
import { interfaceMethods } from './calls.ts';
import { breaches } from './invariants.ts';
import { MortalWorld } from './mortal.ts';
import { untold } from './told.ts';

/** Methods of the interfaces that the loop has no use for. Any other without a row in the table fails the test. */
const UNUSED = [
  'store.frontends.get',
  'store.history.get',
  'store.leases.list',
  'store.outcomes.get',
  // Handlers keep the keys of requests; the loop forgets them.
  'store.requests.get',
  'store.requests.list',
  'store.requests.put',
];

type Step = (world: MortalWorld) => string | undefined;

const STEPS: Record<string, Step> = {
  'a sweep that repairs both members': (world) => world.sweep(),
  'a failover': (world) => world.failover('pi', 'hs-b'),
  'a check by hand': (world) => world.manual('check', 'hs-a'),
  'a removal': (world) => world.manual('remove', 'hs-a'),
  'a command that never ends': (world) => {
    world.commandMs = 36_000_000;
    return world.manual('check', 'hs-b');
  },
  'a run over both members that is cancelled while one command runs': (world) => {
    world.commandMs = 400_000;
    const all = { kind: 'subscription' as const, id: `/subscriptions/${SUBSCRIPTION}` };
    const runId = world.post(world.signal('manual', [all], { mode: 'check' }));
    // Later than a killed loop is replaced: both commands are under way in each of these lives.
    const at = world.now + 240_000;
    world.queue.push({ at, message: cancelMessage({ subscriptionId: SUBSCRIPTION, runId, by: 'nurse', at }) });
    return runId;
  },
  'an apply that Azure refuses at first': (world) => {
    world.commandMs = 20_000;
    world.sendFaults.set('hs-a', [refusal(409)]);
    return world.manual('apply', 'hs-a');
  },
  'a mirror that moves without a word, the day after': (world) => {
    // What ended on the first day is put aside now.
    world.now += 86_400_000;
    for (const mirror of world.mirrors) if (mirror.name === 'ucr') mirror.primary = 'hs-b';
    return undefined;
  },
  'a sweep a hundred days later, when all runs before it are due to be removed': (world) => {
    const asked = { keyHash: 'f'.repeat(64), runId: '0'.repeat(32), fingerprint: '', at: world.now };
    void world.store.requests.put(REQUESTS, asked.keyHash, asked);
    world.now += 100 * 86_400_000;
    return world.sweep();
  },
};

const article = (): MortalWorld =>
  new MortalWorld(
    ['hs-a', 'hs-b'],
    ['ucr', 'pi'].map((name, i) => ({
      name,
      vip: `10.0.1.${100 + i}`,
      members: ['hs-a', 'hs-b'],
      primary: 'hs-a',
    })),
    { tellsEvents: true },
  );

/** Plays one step to its end; returns the signal that was posted and the commands that it led to. */
async function play(world: MortalWorld, step: Step): Promise<{ posted: string[]; commands: string[] }> {
  const before = world.executions.length;
  const runId = step(world);
  await world.untilQuiet();
  return { posted: runId === undefined ? [] : [runId], commands: world.sent().slice(before).sort() };
}

/** The runs, and the commands that they say they led to. */
async function tally(world: MortalWorld): Promise<{ runs: number; commands: number }> {
  const runs = (await world.store.runs.list(SUBSCRIPTION)).map(({ row }) => row as RunRow);
  return { runs: runs.length, commands: runs.reduce((sum, run) => sum + run.counts.commands, 0) };
}

/** Kills the process at every call of a step; returns what broke. */
async function killAll(from: MortalWorld, step: Step, table: Map<string, number>): Promise<string[]> {
  const calm = from.fork();
  const expected = await play(calm, step);
  const wanted = JSON.stringify(expected.commands);
  const told = await tally(calm);
  const broken: string[] = [];
  for (const [call, name] of calm.calls.entries()) {
    for (const when of ['before', 'after'] as const) {
      const world = from.fork();
      world.kill = { call, when };
      const found = await play(world, step);
      const wrong = [...(await breaches(world, found.posted)), ...(await untold(world))];
      if (world.killed !== name) wrong.push(`was not killed there but at ${world.killed}`);
      // Killed before it was recorded, a signal comes back minutes later: health may have told the same by then.
      const late = when === 'before' && call === 0 && expected.posted.length > 0;
      if (!late && JSON.stringify(found.commands) !== wanted) wrong.push(`commands ${found.commands}, not ${wanted}`);
      const { runs, commands } = await tally(world);
      if (!late && runs !== told.runs) wrong.push(`${runs} runs, not ${told.runs}`);
      // A command that Azure refused is sent again as it is when the dead loop did not note that, else as another one.
      const should = told.commands + world.asked.size - calm.asked.size;
      if (!late && commands !== should) wrong.push(`${commands} commands told, not ${should}`);
      if (wrong.length > 0) broken.push(`${when} call ${call} (${name}): ${wrong.join('; ')}`);
      table.set(`${name} ${when}`, (table.get(`${name} ${when}`) ?? 0) + 1);
    }
  }
  return broken;
}

test('killed before or after any call: every signal settles, nothing doubles, no call lacks a row', async (t) => {
  t.timeout(900_000);
  const table = new Map<string, number>();
  const called = new Set<string>();
  let world = article();
  for (const [title, step] of Object.entries(STEPS)) {
    t.deepEqual(await killAll(world, step, table), [], title);
    world = world.fork();
    const { posted, commands } = await play(world, step);
    t.deepEqual(await breaches(world, posted), [], title);
    t.true(commands.length > 0, `${title} leads to commands`);
    for (const call of world.calls) called.add(call);
  }
  tell(t, table);
  const known = interfaceMethods(world.ports());
  t.deepEqual(
    known.filter((name) => !called.has(name)),
    UNUSED,
    'a method without a row: put a step into the scenario that calls it, or name it as unused',
  );
  for (const name of called) {
    t.true((table.get(`${name} before`) ?? 0) > 0 && (table.get(`${name} after`) ?? 0) > 0, name);
  }
});

function tell(t: ExecutionContext, table: Map<string, number>): void {
  const total = [...table.values()].reduce((sum, count) => sum + count, 0);
  t.log(`${total} kills: ${[...table].map(([name, count]) => `${name} ${count}`).join(', ')}`);
}

test('a run that is not written yet when the process dies is found again under the same id', async (t) => {
  const world = article();
  await play(world, STEPS['a sweep that repairs both members'] as Step);
  const mirror = world.mirrors.find((item) => item.name === 'ucr');
  if (mirror) mirror.primary = 'hs-b';
  const twins = [world.fork(), world.fork()];
  const ids: string[][] = [];
  for (const [i, twin] of twins.entries()) {
    twin.now += 60_000 * (i + 1);
    await twin.untilQuiet();
    const runs = (await twin.store.runs.list(SUBSCRIPTION)).map(({ row }) => row as RunRow);
    ids.push(runs.filter((run) => run.signal === 'primaryMoved').map((run) => run.runId));
  }
  t.is(ids[0]?.length, 1);
  t.deepEqual(ids[0], ids[1]);
});

for (const [what, stallMs] of [
  ['longer than its lease', 70_000],
  ['while the clock is set back by ten minutes', -600_000],
] as const) {
  test(`a loop that stands still ${what}, at any call, while another works: nothing doubles`, async (t) => {
    t.timeout(900_000);
    const sweep = STEPS['a sweep that repairs both members'] as Step;
    const calm = article();
    await play(calm, sweep);
    const broken: string[] = [];
    for (const [call, name] of calm.calls.entries()) {
      for (const when of ['before', 'after'] as const) {
        const world = article();
        world.kill = { call, when, stallMs };
        const { posted, commands } = await play(world, sweep).catch((error: Error) => {
          throw new Error(`${when} call ${call} (${name}): ${error.message}`);
        });
        const wrong = await breaches(world, posted);
        if (world.killed !== name) wrong.push('did not stand still there');
        if (commands.length > 3) wrong.push(`commands ${commands}`);
        if (wrong.length > 0) broken.push(`${when} call ${call} (${name}): ${wrong.join('; ')}`);
      }
    }
    t.deepEqual(broken, []);
    t.log(`${calm.calls.length * 2} places`);
  });
}
