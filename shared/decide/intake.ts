/**
 * Which accepted runs are planned in a pass, and which join another. A storm of events about the same VMs becomes a run
 * for each VM, and whoever asks by hand comes first. Pure.
 */
import { idKey } from '../model/ids.ts';
import type { RunRow } from '../model/rows.ts';

/** Runs planned in one pass at the most. */
const PLANNED_PER_PASS = 200;
/** Automatic runs of one kind of signal that are under way at a time; the others wait unplanned, and can be joined. */
const UNDER_WAY = 200;
/** Runs that join others in one pass: each is a row to write. */
const JOINED_PER_PASS = 1000;

/** Accepted automatic runs that observe reads for one pass at the most. */
export const MOST_ARRIVED = 2000;

export interface Intake {
  /** Ids of the runs that are planned now. */
  planned: ReadonlySet<string>;
  /** Ids of the runs that join another, each with the id of that one. */
  joined: ReadonlyMap<string, string>;
}

/**
 * Looks through the open runs. `begun`: those that the pass before began to plan. Its loop may stand still with their
 * outcomes half written, so they join no other.
 */
export function intakeOf(runs: readonly RunRow[], begun: readonly string[] = []): Intake {
  const first = new Set(begun);
  const accepted = runs
    .filter((run) => run.state === 'accepted')
    .sort((a, b) => Number(first.has(b.runId)) - Number(first.has(a.runId)) || byUrgency(a, b));
  const joined = new Map<string, string>();
  const firsts = new Map<string, string>();
  for (const run of runs) if (isGathering(run)) firsts.set(subjectOf(run), run.runId);
  const waiting: RunRow[] = [];
  for (const run of accepted) {
    // A cancelled one does no work for others, and needs none done.
    const about = run.signal === 'manual' || run.cancel ? run.runId : subjectOf(run);
    const other = firsts.get(about);
    if (other === undefined) {
      firsts.set(about, run.runId);
      waiting.push(run);
    } else if (joined.size < JOINED_PER_PASS) joined.set(run.runId, other);
  }

  const underWay = new Map<string, number>();
  for (const run of runs) if (run.state === 'running') count(underWay, run.signal);
  const planned = new Set<string>();
  for (const run of waiting) {
    if (planned.size >= PLANNED_PER_PASS) break;
    if (run.signal !== 'manual' && !run.cancel && (underWay.get(run.signal) ?? 0) >= UNDER_WAY) continue;
    count(underWay, run.signal);
    planned.add(run.runId);
  }
  return { planned, joined };
}

/** True for a run under way that works for later signals about the same too. A cancelled one does no work for others. */
const isGathering = ({ state, gathers, cancel }: RunRow): boolean =>
  state === 'running' && gathers === true && cancel === undefined;

/** What an automatic run is about: runs that are about the same are one. */
const subjectOf = ({ signal, mode, dryRun, scope }: RunRow): string =>
  JSON.stringify([signal, mode, dryRun, ...scope.map((item) => `${item.kind} ${idKey(item.id)}`).sort()]);

/** By hand first, then the oldest. */
const byUrgency = (a: RunRow, b: RunRow): number =>
  Number(b.signal === 'manual') - Number(a.signal === 'manual') ||
  a.observedAt - b.observedAt ||
  (a.runId < b.runId ? -1 : 1);

function count(counts: Map<string, number>, word: string): void {
  counts.set(word, (counts.get(word) ?? 0) + 1);
}
