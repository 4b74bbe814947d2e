/** Outcomes: what a run says of one VM, and of its counts. Pure. */
import { type Finding, finding, findingVerdict } from '../model/findings.ts';
import { idKey, sameId } from '../model/ids.ts';
import type { Evaluation, Path } from '../model/path.ts';
import {
  noCounts,
  OUTCOME_RESULTS,
  type OutcomePath,
  type OutcomeResult,
  type OutcomeRow,
  type RunCounts,
  type RunRow,
  type VmRow,
} from '../model/rows.ts';
import type { Draft } from './draft.ts';

/** A new outcome that waits for its turn. */
export const waitingOutcome = (run: RunRow, vmId: string): OutcomeRow => ({
  runId: run.runId,
  vmId,
  state: 'waiting',
  findings: [],
  paths: [],
  changed: 0,
  warnings: [],
});

/** Ends an outcome without a command: what evaluate says of the VM stands. */
export function settleFromEvaluation(
  draft: Draft,
  run: RunRow,
  outcome: OutcomeRow,
  evaluation: Evaluation,
  extra: Finding[] = [],
): void {
  const paths = pathsOf(evaluation, outcome.vmId);
  outcome.paths = paths.map((path) => outcomePath(path));
  outcome.findings = [
    ...extra,
    ...evaluation.listed.filter((listed) => sameId(listed.id, outcome.vmId)).map((listed) => listed.finding),
  ];
  if (paths.length === 0 && outcome.findings.length === 0)
    outcome.findings.push(finding('NOT_A_MEMBER', { id: outcome.vmId }));
  settle(draft, run, outcome, extra.length > 0 ? 'blocked' : worst(paths));
}

/** Ends an outcome whose command has ended. */
export function settleFromCommand(
  draft: Draft,
  run: RunRow,
  outcome: OutcomeRow,
  vm: VmRow,
  evaluation: Evaluation,
): void {
  // A later command may have ended by now, of which this outcome must not speak: what evaluate says of the VM stands.
  const last = vm.last?.seq === outcome.seq ? vm.last : undefined;
  const reported = last !== undefined && vm.look?.at === last.endedAt ? vm.look.report.paths : [];
  const paths = pathsOf(evaluation, outcome.vmId);
  outcome.paths = paths.map((path) => {
    const row = reported.find((candidate) => candidate.vip === path.vip);
    return outcomePath(
      path,
      row && {
        before: { drift: row.before, ...row.connectBefore },
        after: { drift: row.after, ...row.connectAfter },
      },
    );
  });
  outcome.changed = last?.changed ?? 0;
  outcome.warnings = last?.warnings ?? [];
  outcome.findings = last?.failure ? [last.failure] : [];
  const refused = run.confirmation?.state === 'refused' && sameId(run.confirmation.vmId, outcome.vmId);
  if (refused) {
    const vips = paths
      .filter((path) => run.confirmation?.frontendIds.some((id) => sameId(id, path.frontendId)))
      .map((path) => path.vip);
    outcome.findings.push(finding('PRIMARY_NOT_CONFIRMED', { vip: vips.join(', ') }));
  }
  let result: OutcomeResult = worst(paths);
  if (last?.mode === 'remove') result = 'removed';
  else if (result === 'compliant' && outcome.changed > 0) result = 'repaired';
  if (refused && result !== 'repairable') result = 'blocked';
  if (last?.failure) result = resultOf(last.failure);
  settle(draft, run, outcome, result);
}

/** A command that failed, unless the finding stands for something else: an agent that is not ready is no failure. */
function resultOf({ code }: Finding): OutcomeResult {
  if (findingVerdict(code) === 'unknown') return 'unknown';
  return code === 'AGENT_TOO_OLD' ? 'blocked' : 'failed';
}

/** Gives an outcome the command that will settle it. */
export function take(draft: Draft, outcome: OutcomeRow, seq: number): void {
  outcome.state = 'commanded';
  outcome.seq = seq;
  outcome.commands = (outcome.commands ?? 0) + 1;
  delete outcome.waitingFor;
  delete outcome.notBefore;
  draft.outcomes.touch(outcome);
}

/** What an outcome is once it has ended: it waits for nothing any more. */
export function end(outcome: OutcomeRow, result: OutcomeResult, now: number): void {
  outcome.state = 'settled';
  outcome.result = result;
  outcome.settledAt = now;
  delete outcome.waitingFor;
  delete outcome.notBefore;
}

/** Ends an outcome with a word of its own. */
export function settle(draft: Draft, run: RunRow, outcome: OutcomeRow, result: OutcomeResult): void {
  end(outcome, result, draft.now);
  draft.outcomes.touch(outcome);
  draft.log.push({
    level: result === 'failed' || result === 'blocked' ? 'warn' : 'info',
    step: 'settled',
    fields: { runId: run.runId, vmId: outcome.vmId, result, changed: outcome.changed },
  });
}

/** The paths of a VM. */
const pathsOf = (evaluation: Evaluation, vmId: string): Path[] => {
  const key = idKey(vmId);
  return evaluation.paths.filter((path) => idKey(path.vmId) === key);
};

/** One word for all paths of a VM: the one a person must care for first. */
function worst(paths: readonly Path[]): OutcomeResult {
  for (const verdict of ['blocked', 'repairable', 'unknown'] as const) {
    if (paths.some((path) => path.verdict === verdict)) return verdict;
  }
  return paths.length === 0 ? 'unknown' : 'compliant';
}

const outcomePath = (path: Path, seen?: Pick<OutcomePath, 'before' | 'after'>): OutcomePath => ({
  frontendId: path.frontendId,
  vip: path.vip,
  exposure: path.exposure,
  verdict: path.verdict,
  proof: path.proof,
  findings: path.findings,
  ...seen,
});

/** A run's counts: the VMs that needed no look, and those with an outcome. */
export function countOutcomes(notLookedAt: number, outcomes: readonly OutcomeRow[]): RunCounts {
  const counts: RunCounts = { ...noCounts(), vms: notLookedAt + outcomes.length };
  for (const word of OUTCOME_RESULTS) counts[word] = outcomes.filter(({ result }) => result === word).length;
  counts.compliant += notLookedAt;
  counts.commands = outcomes.reduce((sum, outcome) => sum + (outcome.commands ?? 0), 0);
  return counts;
}
