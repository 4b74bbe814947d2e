/** What must hold at the end of every history, whatever happened in it. */
import { isOpen, type OutcomeRow, type RunRow, type VmRow } from '../../shared/state/rows.ts';
import { SUBSCRIPTION, type World } from '../reconcile/world.ts';

/**
 * What is broken in a world that should have come to rest, in words; empty when everything holds.
 * @param posted The ids of all accepted signals.
 */
export async function breaches(world: World, posted: readonly string[]): Promise<string[]> {
  const found: string[] = world.overlaps.map((pair) => `changed at once: ${pair}`);
  if (world.mostAtOnce > world.settings.maxCommands) found.push(`${world.mostAtOnce} commands at once`);
  const runs = (await world.store.runs.list(SUBSCRIPTION)).map(({ row }) => row as RunRow);
  const known = new Set(runs.map((run) => run.runId));
  for (const runId of posted) if (!known.has(runId)) found.push(`run ${runId} is lost`);
  for (const run of runs) {
    if (isOpen(run)) found.push(`run ${run.runId} (${run.signal}) is still ${run.state}`);
    if (run.state === 'failed' && !run.reason) found.push(`run ${run.runId} failed without a reason`);
    for (const { row } of await world.store.outcomes.list(run.runId)) found.push(...outcomeBreaches(row as OutcomeRow));
  }
  for (const { row } of await world.store.vms.list(SUBSCRIPTION)) {
    const vm = row as VmRow;
    if (vm.command) found.push(`${vm.vmId} still has command ${vm.command.seq} (${vm.command.phase})`);
  }
  const ids = world.executions.map((execution) => execution.commandId);
  if (new Set(ids).size !== ids.length) found.push('one command ran twice');
  const { row: lease } = (await world.store.leases.get('lease', SUBSCRIPTION)) ?? {};
  if (
    lease &&
    (lease as { holder: string }).holder !== '' &&
    (lease as { until: number }).until > world.now + world.aheadMs + 60_000
  ) {
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
