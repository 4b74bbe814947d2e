/**
 * A sweep of 10,000 VMs over https: four lists in pages, each call 20 ms late, by the real SDKs in a process of its own;
 * the simulated ARM is this process. Then some questions to rule health, which are counted apart: how many calls one
 * takes, and so how long it takes to ask about every frontend within Azure's limits.
 */
import { roomForOthers } from '../shared/decide/needs.ts';
import { type ArmOptions, startArm } from '../simulator/arm/arm.ts';
import { AZURE_LIMITS } from '../simulator/arm/throttle.ts';
import { pairsEstate } from '../simulator/chaos/pairs.ts';
import { scriptedLab } from '../simulator/chaos/scriptedLab.ts';
import type { Estate } from '../simulator/estate/estate.ts';
import { inTemporary } from './app/run.ts';
import { NOW, SETTINGS } from './estate.ts';
import { type BenchRow, cpuMs, row, rowOf } from './rows.ts';
import type { SweepFigures } from './sweep/read.ts';
import { buildReader, readSweep } from './sweep/run.ts';

const VMS = 10_000;
/**
 * Items on a page. Azure documents it nowhere; makers of its SDKs speak of 200 (Azure/azure-sdk-for-java#31382). The
 * simulator has 100 by itself, which is asked for beside it.
 */
const PAGE = 200;
const SMALL_PAGE = 100;
const LATE_MS = 20;
const ROUNDS = 3;
const HEALTH_QUESTIONS = 40;
const MOST_PER_MINUTE = 600;

export const bench = (): Promise<BenchRow[]> => inTemporary(compare);

async function compare(folder: string): Promise<BenchRow[]> {
  const estate = pairsEstate(VMS / 2);
  const program = await buildReader(folder);
  const free = await measure(program, estate, PAGE, false);
  const small = await measure(program, estate, SMALL_PAGE, false);
  const limited = await measure(program, estate, PAGE, AZURE_LIMITS);
  const [first] = free.figures;
  if (!first) throw new Error('nothing was measured');
  const pages = 2 * Math.ceil(VMS / PAGE) + Math.ceil((2 * VMS) / PAGE) + Math.ceil(estate.loadBalancers.length / PAGE);
  const compared = `${VMS.toLocaleString('en')} VMs in pairs, ${PAGE} items a page, ${LATE_MS} ms a call, https; the reading process has the heap of an instance of 2,048 MB`;
  const seconds = (ms: number[]) => ms.map((it) => it / 1000);
  const lists = (all: SweepFigures[]) => seconds(all.map(({ listMs, judgeMs }) => listMs + judgeMs));
  const questions = estate.loadBalancers.reduce((sum, { frontends }) => sum + frontends.length, 0);
  const rotation = (healthPerMinute: number) =>
    questions / roomForOthers(NOW, [], { ...SETTINGS, healthPerMinute }, false);
  const health = {
    compared: `${HEALTH_QUESTIONS} questions of the loop’s reader to rule health that takes 2 s, as Azure serves it: a POST, then GETs`,
  };
  const reckoned = {
    compared: `reckoned: ${questions.toLocaleString('en')} frontends, one question each, without those that are kept for failovers; Azure takes ${60 * AZURE_LIMITS.writes.perSecond} POSTs a minute for long`,
  };
  return [
    row('list calls, per page', free.listCalls / ROUNDS / pages, 'x', 1.05, { compared }),
    row('list calls', free.listCalls / ROUNDS, 'calls', undefined, { compared }),
    rowOf('lists read and estate judged', lists(free.figures), 's', 5, { compared }),
    rowOf(`the same with ${SMALL_PAGE} items a page`, lists(small.figures), 's', undefined, { compared }),
    rowOf('processor time of it', seconds(free.figures.map(({ cpuMs }) => cpuMs)), 's', undefined, {
      compared: `${compared}; of the process that reads alone`,
    }),
    row('processor time of the simulated Azure meanwhile', free.armCpuMs / 1000 / ROUNDS, 's', undefined, {
      compared: `${compared}; it makes, encrypts and sends each page while the reading process waits for it`,
    }),
    rowOf('of it the estate judged', seconds(free.figures.map(({ judgeMs }) => judgeMs)), 's', undefined, { compared }),
    rowOf('the same within Azure’s limits on reads', lists(limited.figures), 's', undefined, {
      compared: `${compared}; a bucket of ${AZURE_LIMITS.reads.capacity} reads that fills with ${AZURE_LIMITS.reads.perSecond} a second, and its Retry-After`,
    }),
    rowOf(
      'resident memory, the most',
      free.figures.map(({ rssMb }) => rssMb),
      'MB',
      400,
      { compared },
    ),
    row('rule health: calls per question', free.healthCalls / (ROUNDS * HEALTH_QUESTIONS), 'calls', undefined, health),
    rowOf(
      'rule health: a question until its answer',
      seconds(free.figures.flatMap(({ healthMs }) => healthMs)),
      's',
      undefined,
      health,
    ),
    row(
      `rule health: a full rotation with ${SETTINGS.healthPerMinute} questions a minute, the default`,
      rotation(SETTINGS.healthPerMinute),
      'min',
      undefined,
      reckoned,
    ),
    row(
      `rule health: a full rotation with ${MOST_PER_MINUTE}, the most`,
      rotation(MOST_PER_MINUTE),
      'min',
      undefined,
      reckoned,
    ),
  ];
}

interface Measured {
  figures: SweepFigures[];
  listCalls: number;
  healthCalls: number;
  /** Processor time of the simulated Azure, in all rounds, its answers about health included. */
  armCpuMs: number;
}

async function measure(
  program: string,
  estate: Estate,
  pageSize: number,
  throttle: ArmOptions['throttle'],
): Promise<Measured> {
  const arm = await startArm({
    sites: [{ estate, lab: scriptedLab(estate, 0) }],
    pageSize,
    ...(throttle === undefined ? {} : { throttle }),
  });
  try {
    arm.fault({ times: Number.POSITIVE_INFINITY, kind: { slowMs: LATE_MS } });
    const figures: SweepFigures[] = [];
    const cpu = cpuMs();
    for (let round = 0; round < ROUNDS; round += 1)
      figures.push(await readSweep(program, arm, estate, throttle === false ? HEALTH_QUESTIONS : 0));
    const lists = arm.calls.filter(
      ({ method, path }) => method === 'GET' && LIST.test(path.split('?')[0] ?? ''),
    ).length;
    const { length: all } = arm.calls;
    return { figures, listCalls: lists, healthCalls: all - lists, armCpuMs: cpuMs() - cpu };
  } finally {
    await arm.close();
  }
}

const LIST =
  /^\/subscriptions\/[^/]+\/providers\/Microsoft\.(?:Compute|Network)\/(?:virtualMachines|networkInterfaces|loadBalancers)$/i;
