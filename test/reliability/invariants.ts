/** What must hold at the end of every history, whatever happened in it. */
import type { LeaseRow } from '../../shared/model/lease.ts';
import { isOpen, type OutcomeRow, type RunRow, type VmRow } from '../../shared/model/rows.ts';

type Read = { list(partition: string): Promise<{ row: unknown }[]> };

/** What is judged: the rows, and what reached the guests. */
export interface Scene {
  subscriptionId: string;
  store: Record<'runs' | 'outcomes' | 'vms', Read> & {
    leases: { get(partition: string, key: string): Promise<{ row: unknown } | undefined> };
  };
  /** VMs that had two commands at once, and pairs of one mirror that were changed at once. */
  overlaps: readonly string[];
  mostAtOnce: number;
  settings: { maxCommands: number };
  /** The commands that ran in guests. */
  executions: readonly { commandId: string }[];
  now: number;
  /** How far the app's clock is ahead of it. */
  aheadMs?: number;
}

/**
 * What is broken in a world that should have come to rest, in words; empty when everything holds.
 * @param posted The ids of all accepted signals.
 */
export async function breaches(scene: Scene, posted: readonly string[]): Promise<string[]> {
  const { store, subscriptionId } = scene;
  const found: string[] = scene.overlaps.map((pair) => `changed at once: ${pair}`);
  if (scene.mostAtOnce > scene.settings.maxCommands) found.push(`${scene.mostAtOnce} commands at once`);
  const runs = (await store.runs.list(subscriptionId)).map(({ row }) => row as RunRow);
  const known = new Set(runs.map((run) => run.runId));
  for (const runId of posted) if (!known.has(runId)) found.push(`run ${runId} is lost`);
  for (const run of runs) {
    if (isOpen(run)) found.push(`run ${run.runId} (${run.signal}) is still ${run.state}`);
    if (run.state === 'failed' && !run.reason) found.push(`run ${run.runId} failed without a reason`);
    for (const { row } of await store.outcomes.list(run.runId)) found.push(...outcomeBreaches(row as OutcomeRow));
  }
  for (const { row } of await store.vms.list(subscriptionId)) {
    const vm = row as VmRow;
    if (vm.command) found.push(`${vm.vmId} still has command ${vm.command.seq} (${vm.command.phase})`);
  }
  const ids = scene.executions.map((execution) => execution.commandId);
  if (new Set(ids).size !== ids.length) found.push('one command ran twice');
  const lease = (await store.leases.get('lease', subscriptionId))?.row as LeaseRow | undefined;
  if (lease && lease.holder !== '' && lease.until > scene.now + (scene.aheadMs ?? 0) + 60_000) {
    found.push('the lease reaches further than a minute');
  }
  return found;
}

function outcomeBreaches(outcome: OutcomeRow): string[] {
  const name = `outcome of ${outcome.runId} on ${outcome.vmId}`;
  if (outcome.state !== 'settled') return [`${name} is ${outcome.state}`];
  if (!outcome.result) return [`${name} has no result`];
  const findings = [...outcome.findings, ...outcome.paths.flatMap((path) => path.findings)];
  const silent = (outcome.result === 'failed' || outcome.result === 'blocked') && findings.length === 0;
  return silent ? [`${name} is ${outcome.result} without a finding`] : [];
}
