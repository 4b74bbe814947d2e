/**
 * What a failover costs the members' own connects, on network stacks of the kernel: two primaries on one VM, connects each
 * 20 ms from both members and from a VM outside the pools, then one primary moves. Clients outside wait for the load
 * balancer's probes to turn; that is the failover itself. Connects of members that fail, or that reach the wrong
 * instance, at any other time are what a strategy adds. Each strategy has fresh guests and the same timeline.
 */
import { monotonicMs } from '../lab/compare/client.ts';
import { compareEstate } from '../lab/compare/estate.ts';
import type { Sample } from '../lab/compare/measure.ts';
import { REACTIVE, STRATEGIES, type StrategyId } from '../lab/compare/strategies.ts';
import { type Played, play, type Timeline } from '../lab/compare/timeline.ts';
import { startKernelLab } from '../simulator/guests/kernel/lab.ts';
import { type BenchRow, row } from './rows.ts';

/** Azure's shortest probe, and two answers. The primary moves once; the rest of the timeline is past the end. */
const TIMELINE: Timeline = {
  away: 5,
  back: 34,
  drift: 34,
  end: 34,
  everyMs: 20,
  timeoutMs: 500,
  probeSeconds: 5,
  agentSeconds: 2,
};
const COMPARED: StrategyId[] = ['none', 'route', 'redirect', 'guard'];
/** Probes turn for all clients alike; a connect on its way then is not of the one time or the other. */
const SLACK_MS = 500;

/** Measures; needs what a kernel lab needs. Some four minutes. */
export async function bench(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const lab = await startKernelLab({
    estate: compareEstate({ intervalSeconds: TIMELINE.probeSeconds, threshold: 2 }),
  });
  try {
    const strategies = STRATEGIES.filter(({ id }) => COMPARED.includes(id));
    strategies.splice(-1, 0, REACTIVE);
    for (const [i, strategy] of strategies.entries()) {
      if (i > 0) await lab.reset();
      rows.push(...rowsOf(await play(lab, monotonicMs(), strategy, TIMELINE)));
    }
  } finally {
    await lab.stop();
  }
  return rows;
}

const isBad = ({ verdict }: Sample): boolean => verdict !== 'ok';

function rowsOf({ id, title, streams }: Played): BenchRow[] {
  const outside = streams.filter(({ kind }) => kind === 'outside').flatMap(({ samples }) => samples.filter(isBad));
  const from = Math.min(TIMELINE.away * 1000, ...outside.map(({ at }) => at)) - SLACK_MS;
  const to = Math.max(TIMELINE.away * 1000, ...outside.map(({ at }) => at)) + SLACK_MS;
  const members = streams.filter(({ kind }) => kind === 'unbound').flatMap(({ samples }) => samples);
  const added = members.filter((sample) => isBad(sample) && (sample.at < from || sample.at > to));
  const compared = `two members, two mirrors with both primaries on one VM, ${members.length.toLocaleString('en')} connects of members; one mirror moves; what members' connects fail while those of a VM outside do not`;
  return [
    row(`${title}: failed connects added`, added.length, 'connects', id === 'guard' ? 0 : undefined, { compared }),
    row(`${title}: of members’ connects`, (100 * added.length) / members.length, '%', undefined, { compared }),
    row(`${title}: the failover itself, seen from outside`, (to - from - 2 * SLACK_MS) / 1000, 's', undefined, {
      compared: 'from the first failed connect of a VM outside the pools to its last',
    }),
  ];
}
