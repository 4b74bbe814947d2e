/**
 * Runs that a person cancelled: what has not begun is dropped, a command that serves no other run is stopped, and one
 * that does goes on for that one. Pure.
 */
import { finding } from '../model/findings.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import { type Cancel, isOpen, type OutcomeRow, type RunRow, type VmRow } from '../model/rows.ts';
import { oneOrAll } from '../model/steps.ts';
import { settle } from './outcomes.ts';
import { type Pass, tell } from './pass.ts';
import { closeRun } from './settle.ts';

type CancelledRun = RunRow & { cancel: Cancel };

/** Comes before commands are followed: what is only intended must not be sent once more. Doing it twice changes nothing. */
export function cancelRuns(pass: Pass): void {
  const cancelled = new Map<string, CancelledRun>();
  for (const run of pass.runs.readAll()) {
    if (run.cancel && isOpen(run)) cancelled.set(run.runId, pass.runs.get(run.runId) as CancelledRun);
  }
  if (cancelled.size === 0) return;
  const stopped = stopCommands(pass, cancelled);
  for (const run of cancelled.values()) {
    const waiting = pass.outcomes.ofRun(run.runId).filter(({ state }) => state === 'waiting');
    for (const outcome of waiting) drop(pass, run, outcome, NOT_BEGUN);
    if (!run.cancel.told) {
      run.cancel.told = true;
      const { runId, signal, cancel } = run;
      const counted = { dropped: waiting.length, stopped: stopped.get(runId) ?? 0 };
      tell(pass, 'cancelled', { runId, signal, askedBy: cancel.by, ...counted });
    }
    if (run.state === 'accepted') endUnplanned(pass, run);
  }
}

/** What is said of a VM that a cancelled run leaves. */
const NOT_BEGUN = 'nothing was begun on this VM for it';
const SHARED = 'its command on this VM serves another run too, and goes on for that one';

/** Commands of cancelled runs alone. Returns how many were stopped, by run. */
function stopCommands(pass: Pass, cancelled: ReadonlyMap<string, CancelledRun>): Map<string, number> {
  const stopped = new Map<string, number>();
  for (const { vmId, command } of pass.vms.readAll()) {
    const mine = command?.runIds.flatMap((runId) => cancelled.get(runId) ?? []) ?? [];
    const vm = mine.length > 0 ? pass.vms.get(idKey(vmId)) : undefined;
    const first = mine[0];
    if (!vm?.command || !first) continue;
    const others = vm.command.runIds.filter((runId) => !cancelled.has(runId) && isUnderWay(pass, runId));
    if (others.length > 0) {
      vm.command.runIds = others;
      for (const run of mine) dropShared(pass, run, vm);
      continue;
    }
    if (vm.hold && vm.command.runIds.includes(vm.hold.runId) && vm.command.mode === 'remove') delete vm.hold;
    // Of what is only intended nobody knows whether it was sent: a loop that died, or an answer that was lost, left it so.
    if (vm.command.phase !== 'cancelling') {
      stop(pass, vm, first.cancel.by);
      for (const { runId } of mine) stopped.set(runId, (stopped.get(runId) ?? 0) + 1);
    }
  }
  return stopped;
}

/** One that is not among the open ones has ended: its command is waited for by nobody. */
function isUnderWay({ runs }: Pass, runId: string): boolean {
  const run = runs.read(runId);
  return run !== undefined && isOpen(run);
}

/** Asked to be deleted by whoever follows commands next, who sees first whether it has ended by itself. */
function stop(pass: Pass, vm: VmRow, by: string): void {
  const { command } = vm;
  if (!command) return;
  vm.findings = [finding('COMMAND_STOPPED', { by })];
  command.phase = 'cancelling';
  command.stopped = true;
  command.cancelled = { at: pass.now, times: 0 };
  const { runIds, seq } = command;
  tell(pass, 'cancel', { runId: oneOrAll(runIds), vmId: vm.vmId, seq, code: 'COMMAND_STOPPED' });
}

function dropShared(pass: Pass, run: CancelledRun, vm: VmRow): void {
  const outcome = pass.outcomes.get(run.runId, keyOf(vm));
  if (outcome?.state === 'commanded') drop(pass, run, outcome, SHARED);
}

const keyOf = ({ vmId }: VmRow): IdKey => idKey(vmId);

function drop(pass: Pass, { cancel: { by } }: CancelledRun, outcome: OutcomeRow, what: string): void {
  outcome.findings.push(finding('RUN_CANCELLED', { by, what }));
  settle(pass, outcome, 'cancelled');
}

/**
 * A run that was never planned has no VM to wait for. A loop that was killed while it planned may have left some: those
 * with a command are waited for.
 */
function endUnplanned(pass: Pass, run: CancelledRun): void {
  if (!pass.seen.intake.planned.has(run.runId)) return;
  const outcomes = pass.outcomes.readOfRun(run.runId);
  run.fresh = 0;
  if (outcomes.every(({ state }) => state === 'settled')) return closeRun(pass, run, outcomes);
  run.state = 'running';
  run.startedAt = pass.now;
}
