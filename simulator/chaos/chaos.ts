/**
 * `npm run chaos -- --minutes N --seed S [--pairs N]`: a mixed storm with random faults against the app, one process
 * per function and two loops, one of which is killed now and then. Ends with one line of figures; exit code 1 when a
 * signal was lost, a command doubled, or something never ended.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { QueueClient } from '@azure/storage-queue';
import { POISON_QUEUE } from '../../shared/state/messages.ts';
import { isOpen, type RunRow } from '../../shared/state/rows.ts';
import { resourceEvent } from '../arm/events.ts';
import type { Fault } from '../arm/faults.ts';
import { vmId } from '../estate/ids.ts';
import { seededRandom } from '../eventgrid/random.ts';
import { type Cloud, startCloud } from './cloud.ts';
import { pairsEstate } from './pairs.ts';

interface Options {
  minutes: number;
  seed: number;
  pairs: number;
}

/** How long everything has to come to rest once the storm is over. */
const REST_MS = 6 * 60_000;

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      pairs: { type: 'string', default: '20' },
    },
  });
  const [minutes, seed, pairs] = [values.minutes, values.seed, values.pairs].map(Number);
  if (!minutes || minutes <= 0 || !Number.isInteger(seed) || !pairs || pairs > 500) {
    throw new Error('--minutes takes a number above 0, --seed a whole number, --pairs one from 1 to 500');
  }
  return { minutes, seed: seed ?? 0, pairs };
}

type Dice = (sides: number) => number;

/** One thing that goes on in a data centre. Returns the ids of runs that were promised by a 202. */
async function happen(cloud: Cloud, roll: Dice): Promise<string[]> {
  const { estate, lab } = cloud;
  const vm = estate.vms[roll(estate.vms.length)]?.name ?? '';
  const mirror = estate.mirrors[roll(estate.mirrors.length)];
  const kind = roll(100);
  if (kind < 25 && mirror) {
    const to = mirror.members.find((member) => member !== lab.primaryOf(mirror.name)) ?? vm;
    await lab.setPrimary(mirror.name, to);
    await cloud.announce(mirror.name, to);
  } else if (kind < 30 && mirror) {
    await cloud.announce(mirror.name, mirror.members[0] ?? vm); // a notice that may be wrong
  } else if (kind < 60) {
    lab.drift(vm);
    const operationName = 'Microsoft.Compute/virtualMachines/write';
    const { subscriptionId } = estate;
    cloud.feed(resourceEvent({ operationName, resourceId: vmId(estate, vm), subscriptionId }));
  } else if (kind < 75) {
    const mode = ['check', 'apply', 'apply', 'remove'][roll(4)];
    const body = JSON.stringify({ scope: vmId(estate, vm), mode });
    const answer = await fetch(`${cloud.host('runs').url}/api/runs`, { method: 'POST', body }).catch(() => undefined);
    if (answer?.status === 202) return [((await answer.json()) as { runId: string }).runId];
  } else if (kind < 77) {
    await cloud.host('complianceSweep').runFunction('complianceSweep');
  } else if (kind < 85) {
    lab.behave(vm, (['silent', 'broken', 'hangs', 'works'] as const)[roll(4)] ?? 'works');
  } else if (kind < 88) {
    const free = cloud.arm.occupy(vm);
    setTimeout(free, 1000 + roll(10_000)).unref();
  } else {
    cloud.arm.fault(FAULTS[roll(FAULTS.length)] as Fault);
  }
  return [];
}

const FAULTS: Fault[] = [
  { times: 3, kind: { status: 503 } },
  { times: 2, kind: { status: 500 } },
  { times: 2, kind: { status: 429, retryAfterSeconds: 5 } },
  { times: 2, kind: { drop: 'before' } },
  { times: 2, kind: { drop: 'after' } },
  { times: 5, kind: { slowMs: 1500 } },
  { match: { call: 'putRunCommand' }, times: 2, kind: { drop: 'after' } },
  { match: { call: 'putRunCommand' }, kind: { status: 409, code: 'Conflict' } },
  { match: { call: 'ruleHealth' }, times: 2, kind: { health: 'never-finishes' } },
  { match: { call: 'listNics' }, kind: { paging: 'gone' } },
  { kind: { output: 'cut' } },
  { kind: { output: 'empty' } },
  { kind: { output: 'other-run' } },
  { kind: { staleMs: 4000 } },
];

async function poisoned(cloud: Cloud): Promise<number> {
  const queue = new QueueClient(cloud.azurite.connectionString, POISON_QUEUE);
  if (!(await queue.exists())) return 0;
  return (await queue.getProperties()).approximateMessagesCount ?? 0;
}

const runsOf = async (cloud: Cloud): Promise<RunRow[]> =>
  (await cloud.store.runs.list(cloud.estate.subscriptionId)).map(({ row }) => row);

/** Rings each ten seconds, as the minute's timer would, until nothing is open or the time is over. */
async function rest(cloud: Cloud): Promise<boolean> {
  const until = Date.now() + REST_MS;
  await cloud.eventGrid.idle();
  while (Date.now() < until) {
    await cloud.host('primaryWatch').runFunction('primaryWatch');
    await delay(5000);
    const runs = await runsOf(cloud);
    const known = new Set(runs.map((run) => run.runId));
    if (!runs.some(isOpen) && [...cloud.taken].every((runId) => known.has(runId))) return true;
  }
  return false;
}

async function main(): Promise<number> {
  const { minutes, seed, pairs } = readOptions();
  const random = seededRandom(seed);
  const roll: Dice = (sides) => Math.floor(random() * sides);
  const say = (text: string): void => console.log(`${new Date().toISOString().slice(11, 19)}  ${text}`);
  say(`seed ${seed}, ${minutes} minutes, ${2 * pairs} VMs in ${pairs} mirrors, scripted guests`);
  const cloud = await startCloud(pairsEstate(pairs), {
    seed,
    commandMs: 1000,
    scriptMs: 200,
    settings: { HAIRPIN_COMMAND_SECONDS: '10', HAIRPIN_COMMAND_SLACK_SECONDS: '10' },
  });
  try {
    cloud.eventGrid.disturb({ duplicates: 0.3, holdBackMs: 3000, lostAnswers: 0.05 });
    const promised = new Set<string>();
    const end = Date.now() + minutes * 60_000;
    let nextCrash = Date.now() + 10_000;
    let crashes = 0;
    while (Date.now() < end) {
      for (const runId of await happen(cloud, roll)) promised.add(runId);
      if (Date.now() > nextCrash) {
        await cloud.crashLoop();
        crashes += 1;
        nextCrash = Date.now() + 10_000 + roll(20_000);
      }
      await delay(50 + roll(300));
    }
    say(`the storm is over (${crashes} loops were killed); waiting for rest`);
    cloud.arm.clearFaults();
    for (const vm of cloud.estate.vms) cloud.lab.behave(vm.name, 'works');
    const quiet = await rest(cloud);
    return await judge(cloud, promised, quiet);
  } finally {
    await cloud.stop();
  }
}

/** The last line. */
async function judge(cloud: Cloud, promised: ReadonlySet<string>, quiet: boolean): Promise<number> {
  const runs = await runsOf(cloud);
  const byId = new Map(runs.map((run) => [run.runId, run]));
  const accepted = new Set([...cloud.taken, ...promised, ...byId.keys()]);
  const open = runs.filter(isOpen).length;
  const lost = [...accepted].filter((runId) => !byId.has(runId)).length + open;
  const failed = runs.filter((run) => run.state === 'failed');
  const mute = failed.filter((run) => !run.reason).length;
  const ids = cloud.lab.runs.map((run) => run.commandId);
  const doubled = ids.length - new Set(ids).size + cloud.lab.overlaps.length;
  const perVm = [...Map.groupBy(cloud.lab.runs, (run) => run.vm).values()].map((list) => list.length);
  const poison = await poisoned(cloud);
  for (const overlap of cloud.lab.overlaps) console.error(`breach: ${overlap}`);
  for (const run of runs.filter(isOpen))
    console.error(`breach: run ${run.runId} (${run.signal}) is still ${run.state}`);
  const mean = (ids.length / Math.max(1, cloud.estate.vms.length)).toFixed(1);
  console.log(
    `accepted ${accepted.size}, settled ${runs.filter((run) => run.state === 'settled').length}, failed with reason ${failed.length - mute}, lost ${lost}, doubled ${doubled}, commands per VM ${mean} (most ${Math.max(0, ...perVm)}), poison ${poison}`,
  );
  return quiet && lost === 0 && doubled === 0 && mute === 0 && poison === 0 ? 0 : 1;
}

process.exitCode = await main();
process.exit();
