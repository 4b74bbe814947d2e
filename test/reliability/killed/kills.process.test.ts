/**
 * Killed for real: the loop in a process of its own, over its real adapters, storage on disk and the simulated ARM, is
 * ended by SIGKILL before and after its calls over interfaces, and another process goes on. The table of kills is made
 * from a calm run of each step: the first and the last call of each method; every call with HAIRPIN_KILLS=all.
 */
import test from 'ava';
import type { Kill } from './orders.ts';
import { Plant } from './plant.ts';
import { type Played, play } from './play.ts';
import { STEPS, type Step } from './steps.ts';

/** Methods of the interfaces that the loop has no use for. Any other without a row in the table fails the test. */
const UNUSED = [
  'store.frontends.get',
  'store.frontends.remove',
  'store.history.get',
  // Days and keys are forgotten after months: in crash.test.ts, where the clock is the test's.
  'store.history.remove',
  'store.leases.list',
  'store.leases.remove',
  'store.news.remove',
  'store.outcomes.get',
  // Handlers keep the keys of requests.
  'store.requests.get',
  'store.requests.list',
  'store.requests.put',
  'store.requests.remove',
  'store.vms.remove',
  // Without a topic nothing is published: kills at that are in azure/eventsTopic.process.test.ts.
  'topic.publish',
];
/** Runs side by side: each waits more than it works. */
const LANES = 16;
/** A run may make a call less than the calm one did: its last call is then looked for anew. */
const TRIES = 3;
const LONG_MS = process.env.HAIRPIN_KILLS === 'all' ? 5_400_000 : 900_000;

let plant: Plant;
test.before(async () => {
  plant = await Plant.start();
});
test.after.always(async () => plant?.stop());

interface Row {
  step: Step;
  calm: Played;
  kill: Kill;
}

const ALL = process.env.HAIRPIN_KILLS === 'all';
const CHANGES = /\.(put|send|cancel|ring)$/;
const callsOf = (count: number): number[] =>
  ALL ? Array.from({ length: count }, (_, i) => i + 1) : [...new Set([1, count])];

/**
 * The table of one step: each method's first and last call, before and after. A method that an earlier step was killed
 * at in full has two rows, and only if it changes something: after its first call, before its last.
 */
function rowsOf(step: Step, calm: Played, known: Set<string>): Row[] {
  const kills = Object.entries(calm.counts).flatMap(([method, count]) => {
    const all = callsOf(count).flatMap((nth): Kill[] => [
      { method, nth, when: 'before' },
      { method, nth, when: 'after' },
    ]);
    if (ALL || !known.has(method)) return all;
    if (!CHANGES.test(method)) return [];
    return all.filter(({ nth, when }) => (when === 'after' && nth === 1) || (when === 'before' && nth === count));
  });
  for (const method of Object.keys(calm.counts)) known.add(method);
  return kills.map((kill) => ({ step, calm, kill }));
}

async function killAt(step: Step, kill: Kill, onKilled?: () => Promise<void>): Promise<Played & { kill: Kill }> {
  let aim = kill;
  for (let attempt = 1; ; attempt += 1) {
    const played = await play(plant, step, { kill: aim, ...(onKilled ? { onKilled } : {}) });
    const count = played.counts[kill.method] ?? 0;
    if (played.killed || attempt === TRIES || count === 0) return { ...played, kill: aim };
    aim = { ...kill, nth: Math.min(kill.nth, count) };
  }
}

/** What broke in a run, compared with the calm one. */
function wrongs(step: Step, calm: Played, played: Played & { kill: Kill }): string[] {
  const wrong = [...played.broken];
  if (!played.killed) wrong.push('was not killed');
  if (String(played.commands) !== String(calm.commands))
    wrong.push(`commands ${played.commands}, not ${calm.commands}`);
  if (played.runs !== calm.runs) wrong.push(`${played.runs} runs, not ${calm.runs}`);
  const { when, method, nth } = played.kill;
  return wrong.map((text) => `${step.title}, ${when} ${method} ${nth}: ${text}`);
}

/** Works through a list in lanes. */
async function inLanes<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const lane = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

test.serial(
  'a real process killed at its calls: every signal ends, nothing doubles, no call lacks a row',
  async (t) => {
    t.timeout(LONG_MS);
    const began = performance.now();
    const calms = new Map(await Promise.all(STEPS.map(async (step) => [step, await play(plant, step)] as const)));
    const called = new Set<string>();
    const table = [...calms].flatMap(([step, calm]) => rowsOf(step, calm, called));
    for (const [step, calm] of calms) t.deepEqual(calm.broken, [], step.title);
    const known = new Set([...calms.values()].flatMap((calm) => calm.methods));
    t.deepEqual(
      [...known].filter((method) => !called.has(method)),
      UNUSED,
      'a method without a row: put a step into steps.ts that calls it, or name it as unused',
    );
    const broken: string[] = [];
    await inLanes(table, async ({ step, calm, kill }) => {
      broken.push(...wrongs(step, calm, await killAt(step, kill)));
    });
    t.deepEqual(broken, []);
    t.is(plant.processes.killed, table.length);
    t.log(`${table.length} kills, ${called.size} kinds of calls, ${Math.round((performance.now() - began) / 1000)} s`);
  },
);

test.serial('all are killed, storage is ended too: what is on disk is what counts', async (t) => {
  t.timeout(LONG_MS);
  const step = STEPS[0] as Step;
  const calm = await play(plant, step);
  const kills = Object.keys(calm.counts).map((method): Kill => ({ method, nth: 1, when: 'after' }));
  let dead = 0;
  const restarted = Promise.withResolvers<void>();
  const broken: string[] = [];
  await Promise.all(
    kills.map(async (kill) => {
      const played = await killAt(step, kill, async () => {
        dead += 1;
        if (dead === kills.length) plant.restartStorage().then(restarted.resolve, restarted.reject);
        await restarted.promise;
      });
      broken.push(...wrongs(step, calm, played));
    }),
  );
  t.deepEqual(broken, []);
  t.is(plant.restarts, 1);
  t.log(`${kills.length} processes killed before storage started again`);
});
