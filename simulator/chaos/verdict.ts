/** What is left after a storm, and what it means. */
import { isOpen, type RunRow } from '../../shared/model/rows.ts';
import type { GuestRun } from './scriptedLab.ts';

/** Everything that is judged. */
export interface Remains {
  /** All runs that have a row. */
  runs: RunRow[];
  /** Ids that a handler or the loop said it took, and those that a 202 promised. */
  accepted: Iterable<string>;
  /** The commands that reached guests. */
  commands: readonly Pick<GuestRun, 'vm' | 'commandId'>[];
  overlaps: readonly string[];
  vms: number;
  /** Messages that were given up, wherever they are now. */
  poison: number;
  /** Messages that are still on the queue. */
  queued: number;
}

export interface Verdict {
  /** The last line. */
  line: string;
  /** What must not be, in words; empty when all holds. */
  breaches: string[];
}

/** Judges what is left. Pure. */
export function judge(remains: Remains): Verdict {
  const { runs, commands, overlaps, poison } = remains;
  const byId = new Map(runs.map((run) => [run.runId, run]));
  const accepted = new Set([...remains.accepted, ...byId.keys()]);
  const missing = [...accepted].filter((runId) => !byId.has(runId));
  const open = runs.filter(isOpen);
  const failed = runs.filter((run) => run.state === 'failed');
  const mute = failed.filter((run) => !run.reason);
  const perCommand = Map.groupBy(commands, (run) => run.commandId);
  const twice = [...perCommand].filter(([, list]) => list.length > 1);
  const lost = missing.length + open.length;
  const doubled = commands.length - perCommand.size + overlaps.length;
  const perVm = [...Map.groupBy(commands, (run) => run.vm).values()].map((list) => list.length);
  const mean = (commands.length / Math.max(1, remains.vms)).toFixed(1);
  const settled = runs.filter((run) => run.state === 'settled').length;
  return {
    line: `accepted ${accepted.size}, settled ${settled}, failed with reason ${failed.length - mute.length}, lost ${lost}, doubled ${doubled}, commands per VM ${mean} (most ${Math.max(0, ...perVm)}), poison ${poison}`,
    breaches: [
      ...missing.map((runId) => `run ${runId} is lost`),
      ...open.map((run) => `run ${run.runId} (${run.signal}) is still ${run.state}`),
      ...mute.map((run) => `run ${run.runId} (${run.signal}) failed without a reason`),
      ...twice.map(([id, list]) => `command ${id} reached ${list[0]?.vm} ${list.length} times`),
      ...overlaps.map((overlap) => `changed at once: ${overlap}`),
      ...(poison > 0 ? [`${poison} messages were given up`] : []),
      ...(remains.queued > 0 ? [`${remains.queued} messages are still on the queue`] : []),
    ],
  };
}
