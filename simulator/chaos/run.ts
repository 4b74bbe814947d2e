/** One storm from its start to its verdict. */
import { setTimeout as delay } from 'node:timers/promises';
import { QueueClient } from '@azure/storage-queue';
import { POISON_QUEUE, RECONCILE_QUEUE } from '../../shared/model/messages.ts';
import { isOpen, type RunRow } from '../../shared/model/rows.ts';
import { within } from '../until.ts';
import { type Cloud, type CloudOptions, startCloud } from './cloud.ts';
import type { Options } from './options.ts';
import { pairsEstate } from './pairs.ts';
import { storm } from './storm.ts';
import { judge } from './verdict.ts';

/** How long everything has to come to rest once the storm is over. */
const REST_MS = 6 * 60_000;

/**
 * Runs a storm and says how it ended; the last line has the figures. Resolves to the exit code: 1 when a signal was
 * lost, a command doubled, a message given up, or something never ended.
 */
export async function runChaos(options: Options, more: Pick<CloudOptions, 'lab'> = {}): Promise<0 | 1> {
  const { minutes, seed, pairs } = options;
  const say = (text: string): void => console.log(`${new Date().toISOString().slice(11, 19)}  ${text}`);
  say(`seed ${seed}, ${minutes} minutes, ${2 * pairs} VMs in ${pairs} mirrors, scripted guests`);
  const cloud = await startCloud(pairsEstate(pairs), {
    seed,
    commandMs: 1000,
    scriptMs: 200,
    settings: { HAIRPIN_COMMAND_SECONDS: '10', HAIRPIN_COMMAND_SLACK_SECONDS: '10' },
    ...more,
  });
  try {
    const { promised, crashes } = await storm(cloud, options);
    say(`the storm is over (${crashes} loops were killed); waiting for rest`);
    await rest(cloud);
    const { line, breaches } = judge({
      runs: await runsOf(cloud),
      accepted: [...cloud.taken, ...promised],
      commands: cloud.lab.runs,
      overlaps: cloud.lab.overlaps,
      vms: cloud.estate.vms.length,
      poison: cloud.dead.length + (await waiting(cloud, POISON_QUEUE)),
      queued: await waiting(cloud, RECONCILE_QUEUE),
    });
    for (const breach of breaches) console.error(`breach: ${breach}`);
    console.log(line);
    return breaches.length === 0 ? 0 : 1;
  } finally {
    await cloud.stop();
  }
}

/** Messages on a queue, the hidden ones too. */
async function waiting(cloud: Cloud, name: string): Promise<number> {
  const queue = new QueueClient(cloud.azurite.connectionString, name);
  if (!(await queue.exists())) return 0;
  return (await queue.getProperties()).approximateMessagesCount ?? 0;
}

const runsOf = async (cloud: Cloud): Promise<RunRow[]> =>
  (await cloud.store.runs.list(cloud.estate.subscriptionId)).map(({ row }) => row);

/** Rings each five seconds, as the minute's timer would, until nothing is open nor queued or the time is over. */
async function rest(cloud: Cloud): Promise<void> {
  await cloud.eventGrid.idle();
  const isQuiet = async (): Promise<boolean> => {
    await cloud.host('primaryWatch').runFunction('primaryWatch');
    await delay(5000);
    const runs = await runsOf(cloud);
    const known = new Set(runs.map((run) => run.runId));
    if (runs.some(isOpen) || [...cloud.taken].some((runId) => !known.has(runId))) return false;
    return (await waiting(cloud, RECONCILE_QUEUE)) === 0;
  };
  await within(isQuiet, REST_MS);
}
