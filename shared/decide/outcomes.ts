/** Outcomes: what a run says of one VM, and of its counts. Pure. */
import { type Finding, finding, findingVerdict } from '../model/findings.ts';
import { idKey, sameId } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { Path } from '../model/path.ts';
import {
  noCounts,
  type OutcomePath,
  type OutcomeResult,
  type OutcomeRow,
  type RunCounts,
  type RunRow,
  type VmRow,
} from '../model/rows.ts';
import type { WaitCode } from '../model/waits.ts';
import { type EstatePass, type Pass, tell } from './pass.ts';

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

/** Ends an outcome without a command: what the estate says of the VM stands. `result` where that is not it. */
export function settleFromEstate(
  pass: EstatePass,
  outcome: OutcomeRow,
  why: readonly Finding[] = [],
  result?: OutcomeResult,
): void {
  const key = idKey(outcome.vmId);
  const paths = pass.evaluation.pathsOfVm.get(key) ?? [];
  const listed = pass.evaluation.listedOf.get(key) ?? [];
  // Where a row was too large for its table, this one must fit.
  const isUnusable = why.some(({ code }) => code === 'ROW_UNUSABLE');
  outcome.paths = isUnusable ? [] : paths.map((path) => outcomePath(pass, path));
  outcome.findings = [...why, ...listed.map((item) => item.finding)];
  if (paths.length === 0 && outcome.findings.length === 0) {
    outcome.findings.push(finding('NOT_A_MEMBER', { id: outcome.vmId }));
  }
  settle(pass, outcome, result ?? (why.length > 0 ? 'blocked' : worst(paths)));
}

/** Ends an outcome whose command has ended. */
export function settleFromCommand(pass: EstatePass, run: RunRow, outcome: OutcomeRow, vm: VmRow): void {
  // A later command may have ended by now, of which this outcome must not speak: what the estate says of the VM stands.
  const last = vm.last?.seq === outcome.seq ? vm.last : undefined;
  const look = last !== undefined && vm.look?.at === last.endedAt ? vm.look : undefined;
  const reported = look?.report.paths ?? [];
  if (look) outcome.looked = true;
  const paths = pass.evaluation.pathsOfVm.get(idKey(outcome.vmId)) ?? [];
  outcome.paths = paths.map((path) => {
    const row = reported.find((candidate) => candidate.vip === path.vip);
    if (!row) return outcomePath(pass, path);
    return {
      ...outcomePath(pass, path),
      before: { drift: row.before, ...row.connectBefore },
      after: { drift: row.after, ...row.connectAfter },
    };
  });
  outcome.changed = last?.changed ?? 0;
  outcome.warnings = last?.warnings ?? [];
  outcome.findings = [...(last?.failure ? [last.failure] : []), ...keptFindings(pass, outcome.vmId)];
  const refused = refusedPaths(run, outcome, paths);
  const unheard = refused?.flatMap((path) => healthRefused(pass, path) ?? []) ?? [];
  if (refused) {
    const notConfirmed = finding('PRIMARY_NOT_CONFIRMED', { vip: refused.map(({ vip }) => vip).join(', ') });
    outcome.findings.push(...(unheard.length > 0 ? unheard : [notConfirmed]));
  }
  settle(pass, outcome, resultOf(last, outcome, paths, refused !== undefined));
}

/** What is said of VIPs that stay in a guest without being in its plan. */
export const keptFindings = ({ evaluation }: EstatePass, vmId: string): Finding[] =>
  (evaluation.listedOf.get(idKey(vmId)) ?? []).map((item) => item.finding).filter(({ code }) => code === 'VIP_KEPT');

/** Why the health of a path's frontend is not known: Azure refuses to tell it. */
function healthRefused({ frontends }: Pass, { frontendKey, vip }: Path): Finding | undefined {
  const refused = frontends.read(frontendKey)?.refused;
  if (!refused) return undefined;
  const { code, action, text } = refused;
  return finding('HEALTH_REFUSED', { vip, code, action, text });
}

/** The paths for which the probes did not follow the notice that named this VM; undefined where that is not so. */
function refusedPaths(run: RunRow, outcome: OutcomeRow, paths: readonly Path[]): Path[] | undefined {
  const { confirmation } = run;
  if (confirmation?.state !== 'refused' || !sameId(confirmation.vmId, outcome.vmId)) return undefined;
  const announced = new Set(confirmation.frontendIds.map(idKey));
  return paths.filter((path) => announced.has(path.frontendKey));
}

function resultOf(last: VmRow['last'], outcome: OutcomeRow, paths: readonly Path[], refused: boolean): OutcomeResult {
  if (last?.failure) return resultOfFailure(last.failure);
  const result = last?.mode === 'remove' ? 'removed' : foundOn(paths, outcome.changed);
  return refused && result !== 'repairable' ? 'blocked' : result;
}

function foundOn(paths: readonly Path[], changed: number): OutcomeResult {
  const found = worst(paths);
  return found === 'compliant' && changed > 0 ? 'repaired' : found;
}

/** A command that failed, unless the finding stands for something else: an agent that is not ready is no failure. */
function resultOfFailure({ code }: Finding): OutcomeResult {
  if (code === 'COMMAND_STOPPED') return 'cancelled';
  if (findingVerdict(code) === 'unknown') return 'unknown';
  return code === 'AGENT_TOO_OLD' ? 'blocked' : 'failed';
}

/** Gives an outcome the command that will settle it. */
export function take(outcome: OutcomeRow, seq: number): void {
  outcome.state = 'commanded';
  outcome.seq = seq;
  outcome.commands = (outcome.commands ?? 0) + 1;
  delete outcome.waitingFor;
  delete outcome.notBefore;
}

/** Lets an outcome wait for something, and until a time where there is one. */
export function letWait(outcome: OutcomeRow, why: WaitCode, until?: number): void {
  outcome.state = 'waiting';
  outcome.waitingFor = why;
  if (until === undefined) delete outcome.notBefore;
  else outcome.notBefore = until;
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
export function settle(pass: Pass, outcome: OutcomeRow, result: OutcomeResult): void {
  end(outcome, result, pass.now);
  const { runId, vmId, changed } = outcome;
  tell(pass, 'settled', { runId, vmId, result, changed, findings: codesOf(outcome) });
}

/** Codes of what an outcome found, each once; where a finding tells of a failure, that one's code too. */
function codesOf({ findings, paths }: OutcomeRow): string[] {
  const all = [...findings, ...paths.flatMap((path) => path.findings)];
  return [...new Set(all.flatMap(({ code, params }) => [code, ...(params.code === undefined ? [] : [params.code])]))];
}

/** One word for all paths of a VM: the one a person must care for first. */
function worst(paths: readonly Path[]): OutcomeResult {
  for (const verdict of ['blocked', 'repairable', 'unknown'] as const) {
    if (paths.some((path) => path.verdict === verdict)) return verdict;
  }
  return paths.length === 0 ? 'unknown' : 'compliant';
}

function outcomePath(pass: Pass, path: Path): OutcomePath {
  const { frontendId, vip, exposure, verdict, proof, notProved } = path;
  // That nobody is known to be healthy has a reason of its own where Azure does not tell.
  const findings = path.findings.map((item) =>
    item.code === 'NO_HEALTHY_BACKEND' ? (healthRefused(pass, path) ?? item) : item,
  );
  return { frontendId, vip, exposure, verdict, proof, ...defined({ notProved }), findings };
}

/** A run's counts: the VMs that needed no look, those with an outcome, and those whose outcome cannot be read. */
export function countOutcomes(notLookedAt: number, outcomes: readonly OutcomeRow[], unreadable = 0): RunCounts {
  const counts: RunCounts = { ...noCounts(), vms: notLookedAt + outcomes.length + unreadable };
  for (const { result, commands, looked } of outcomes) {
    if (result !== undefined) counts[result] += 1;
    counts.commands += commands ?? 0;
    if (looked) counts.looked += 1;
    else if (result === 'compliant') counts.believed += 1;
  }
  counts.compliant += notLookedAt;
  counts.believed += notLookedAt;
  counts.failed += unreadable;
  return counts;
}
