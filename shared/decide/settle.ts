/** How outcomes and runs end: with their commands, for want of time, or without an estate. Pure. */
import type { AzureError } from '../errors.ts';
import type { CommandFailureCode } from '../model/commandFailures.ts';
import { idKey } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import { isOpen, type OutcomeRow, type RunRow, type VmRow } from '../model/rows.ts';
import { failed, stuckFinding, waitAfter } from './endings.ts';
import { AGENT_BUDGET_MS, AGENT_PAUSE_MS, ESTATE_BUDGET_MS, isOverdue, isStuck } from './limits.ts';
import { whyHeldBack } from './missingLists.ts';
import { tellRunFailed } from './news.ts';
import { countOutcomes, letWait, settle, settleFromCommand, settleFromEstate } from './outcomes.ts';
import { type EstatePass, type Pass, tell, whyUnusable } from './pass.ts';
import { haltAll, haltOrClear } from './rollout.ts';

/** Outcomes whose command has ended, and what that means for their frontends. */
export function settleEnded(pass: EstatePass): void {
  for (const { state, runId, vmId } of pass.outcomes.readAll()) {
    if (state !== 'commanded') continue;
    const run = pass.runs.get(runId);
    const key = idKey(vmId);
    const outcome = pass.outcomes.get(runId, key);
    if (!run || !isOpen(run) || !outcome) continue;
    const unusable = whyUnusable(pass, key);
    if (unusable) {
      settleFromEstate(pass, outcome, [unusable], 'failed');
      if (run.mode === 'apply') haltAll(pass, run, outcome.vmId);
      continue;
    }
    const vm = pass.vms.read(key);
    if (vm?.command?.seq !== outcome.seq) settleOne(pass, run, outcome, vm);
    else if (vm?.command && isStuck(vm.command, pass.settings, pass.now)) {
      settleFromEstate(pass, outcome, [stuckFinding(vm, vm.command)], 'failed');
      if (run.mode === 'apply') haltAll(pass, run, outcome.vmId);
    }
  }
}

function settleOne(pass: EstatePass, run: RunRow, outcome: OutcomeRow, vm: VmRow | undefined): void {
  if (!vm?.last || vm.last.seq < (outcome.seq ?? 0)) {
    // The command's row was never written: the outcome takes its turn again.
    outcome.state = 'waiting';
    if (outcome.commands) outcome.commands -= 1;
    return;
  }
  const heldBack = whyHeldBack(pass, idKey(vm.vmId));
  if (heldBack) {
    // What came of it cannot be told while lists are missing.
    if (pass.now - vm.last.endedAt < ESTATE_BUDGET_MS) return;
    settleFromEstate(pass, outcome, [heldBack], 'unknown');
    if (run.mode === 'apply') haltAll(pass, run, vm.vmId);
    return;
  }
  if (waitsForAgent(pass, run, vm)) return letWait(outcome, 'AGENT_NOT_READY', pass.now + AGENT_PAUSE_MS);
  if (vm.last.retryAt !== undefined && !isOverdue(run, pass.now)) {
    // Somebody else's command on the VM, or throttling, is waited for as long as the run may take.
    return letWait(outcome, waitAfter(vm.last), vm.last.retryAt);
  }
  settleFromCommand(pass, run, outcome, vm);
  haltOrClear(pass, run, outcome, vm);
}

/** A VM that just started needs a while until its agent answers: a run that its change caused waits for that. */
const waitsForAgent = ({ now }: Pass, run: RunRow, { last }: VmRow): boolean =>
  last?.failure?.code === 'AGENT_NOT_READY' &&
  run.signal === 'resourceChange' &&
  now - run.observedAt < AGENT_BUDGET_MS;

/** What is open in a run that took longer than it may fails, unless its command runs and has time left. */
export function giveUp(pass: Pass): void {
  for (const run of pass.runs.all()) {
    if (run.state !== 'running' || !isOverdue(run, pass.now)) continue;
    for (const outcome of pass.outcomes.ofRun(run.runId)) {
      const detail = outcome.state === 'settled' ? undefined : whyOpen(pass, outcome);
      if (detail !== undefined) failOutcome(pass, outcome, 'RUN_EXPIRED', detail);
    }
  }
}

function failOutcome(pass: Pass, outcome: OutcomeRow, code: CommandFailureCode, detail: string): void {
  outcome.findings.push(failed(code, detail));
  settle(pass, outcome, 'failed');
}

/** Why an outcome has not ended; undefined while its command has time left. A command that is given up keeps its VM. */
function whyOpen(pass: Pass, outcome: OutcomeRow): string | undefined {
  const { command, findings } = pass.vms.read(idKey(outcome.vmId)) ?? {};
  if (command && outcome.state === 'commanded' && command.seq === outcome.seq) {
    if (command.deadline > pass.now) return undefined;
    if (command.phase !== 'cancelling') return 'Azure does not show how its command ended';
    const { code = '', detail = '' } = findings?.[0]?.params ?? {};
    return `${code} ${detail}, and Azure does not end it`;
  }
  const error = pass.seen.estateError;
  if (error) return `the estate cannot be read: ${error.message}`;
  return `waited for ${outcome.waitingFor ?? 'its turn'}${lastRefusal(pass, outcome)}`;
}

/** What Azure said when it last did not take a command for the VM. */
function lastRefusal({ vms }: Pass, { vmId }: OutcomeRow): string {
  const { failure, retryAt } = vms.read(idKey(vmId))?.last ?? {};
  if (!failure || retryAt === undefined) return '';
  const { code = '', text, detail = '' } = failure.params;
  return `; Azure’s last answer: ${text === undefined ? detail : `${code}: ${text}`}`;
}

/**
 * The estate could not be read: open runs keep the reason, and those that were never planned fail after a budget, which
 * counts from the first time that it failed for them and not from a signal that waited for the app.
 */
export function withoutEstate(pass: Pass, { code, message: text }: AzureError): void {
  for (const run of pass.runs.all()) {
    if (!isOpen(run)) continue;
    const since = Math.min(run.reason?.at ?? pass.now, pass.now);
    run.reason = { code, text, at: since };
    if (!pass.seen.intake.planned.has(run.runId) || pass.now - since < ESTATE_BUDGET_MS) continue;
    // A loop that was killed while it planned may have left some.
    for (const outcome of pass.outcomes.ofRun(run.runId)) {
      if (outcome.state !== 'settled') failOutcome(pass, outcome, code, text);
    }
    run.state = 'failed';
    run.settledAt = pass.now;
    tell(pass, 'run-failed', { runId: run.runId, code, text });
    tellRunFailed(pass, run);
  }
}

/** An accepted run that is about the same as another ends at once: that one does the work for both. */
export function joinRuns(pass: Pass): void {
  for (const [runId, firstId] of pass.seen.intake.joined) {
    const run = pass.runs.get(runId);
    const first = pass.runs.get(firstId);
    if (!run || !first) continue;
    first.latestAt = Math.max(first.latestAt ?? first.observedAt, run.latestAt ?? run.observedAt);
    run.joined = firstId;
    run.state = 'settled';
    run.settledAt = pass.now;
    tell(pass, 'joined', { runId, signal: run.signal, joined: firstId });
  }
}

/** Runs whose outcomes are all settled are settled. False while one of them needs its other outcomes read for that. */
export function closeRuns(pass: Pass): boolean {
  let all = true;
  for (const run of pass.runs.all()) {
    if (run.state !== 'running') continue;
    const outcomes = pass.outcomes.readOfRun(run.runId);
    if (outcomes.some((outcome) => outcome.state !== 'settled')) continue;
    if (!pass.seen.whole.has(run.runId)) {
      all = false;
      continue;
    }
    closeRun(pass, run, outcomes);
  }
  return all;
}

/** Ends a run of which every outcome is settled. */
export function closeRun(pass: Pass, run: RunRow, outcomes: readonly OutcomeRow[]): void {
  run.state = 'settled';
  run.settledAt = pass.now;
  run.counts = countOutcomes(run.fresh, outcomes, pass.seen.unreadableOutcomes.get(run.runId)?.size);
  const { runId, signal, observedAt, counts, askedBy } = run;
  tell(pass, 'run-settled', { runId, signal, afterMs: pass.now - observedAt, ...counts, ...defined({ askedBy }) });
  if (counts.failed > 0) tellRunFailed(pass, run);
}
