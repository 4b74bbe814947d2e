/**
 * Takes in what Azure shows of each command in flight: a command goes from intended to sent, from sent to its
 * report or its failure, from cancelling to gone. Pure. Clocks of guest and app are never compared; that an
 * execution is the one we sent is told by its script's command id and by a start time that changed.
 */
import { type AzureError, ReportError } from '../errors.ts';
import { commandIdOf } from '../guest/plan.ts';
import { parseReport } from '../guest/report.ts';
import { refusalOf } from '../guest/windows/refusal.ts';
import type { GuestCommand, GuestReport } from '../model/guest.ts';
import { idKey } from '../model/ids.ts';
import type { CommandView } from '../model/ports.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { CommandRow, VmRow } from '../state/rows.ts';
import { rowKey } from '../state/store.ts';
import type { Draft, Look } from './draft.ts';
import { denied, fail, failed, healthyVips, isMissingRight, succeed, withdraw } from './endings.ts';
import { guestLimits } from './settings.ts';
import { unfitAgent } from './unfitAgent.ts';

/** The command that a VM row stands for, as the guest gets it. */
const guestCommand = (vm: VmRow, command: CommandRow, settings: LoopSettings): GuestCommand => ({
  commandId: commandIdOf(rowKey(vm.vmId), command.seq),
  mode: command.mode,
  plan: command.plan,
  limits: guestLimits(settings),
});

/** The draft, and when Azure was asked about the command at hand: no deadline passes between that and its answer. */
interface Scene extends Draft {
  lookedAt: number;
}

/** Moves every command in flight as far as what was seen allows. */
export function absorb(draft: Draft, settings: LoopSettings): void {
  for (const vm of draft.vms.all()) {
    const look = draft.observed.looks.get(idKey(vm.vmId));
    if (vm.command && look) step({ ...draft, lookedAt: look.at }, vm, vm.command, look, settings);
  }
}

function step(draft: Scene, vm: VmRow, command: CommandRow, look: Look, settings: LoopSettings): void {
  if (look.kind === 'failed') return unseen(draft, vm, command, look.error, settings);
  switch (command.phase) {
    case 'intended':
      return intended(draft, vm, command, look, settings);
    case 'sent':
      return sent(draft, vm, command, look.view, settings);
    case 'cancelling':
      return cancelling(draft, vm, command, look.view);
  }
}

/** What a command may take from the PUT to its report. */
const inAllSeconds = (settings: LoopSettings): number => settings.commandSeconds + settings.commandSlackSeconds;

const RUNNING = new Set(['Pending', 'Running']);
const ENDED = new Set(['Succeeded', 'Failed', 'TimedOut', 'Canceled']);

/** True while Azure may still be running something in this slot. */
const isBusy = (view: CommandView): boolean =>
  RUNNING.has(view.state) || (!ENDED.has(view.state) && /^(Creating|Updating|Deleting)$/i.test(view.provisioningState));

/** The look itself failed: a missing right is final, anything else (a token that ran out too) is tried again until the deadline. */
function unseen(draft: Scene, vm: VmRow, command: CommandRow, error: AzureError, settings: LoopSettings): void {
  if (isMissingRight(error) && command.phase !== 'cancelling') return fail(draft, vm, command, denied(error.action));
  if (
    command.phase === 'intended' &&
    isHeldUpTooLong(draft, vm, command, settings.commandSeconds, settings.bellSeconds)
  ) {
    return fail(draft, vm, command, failed('COMMAND_NOT_SEEN', error.message));
  }
  draft.log.push({
    level: 'warn',
    step: 'look-failed',
    fields: { vmId: vm.vmId, seq: command.seq, code: error.code, status: error.status, text: error.message },
  });
}

/**
 * What Azure does not hold yet is given so many seconds of looks that found it so, each a bell or two after the one
 * before. Time in which nobody looked, because the app was down or its clock jumped, is nobody's fault: it does not count.
 */
function isHeldUpTooLong(draft: Scene, vm: VmRow, command: CommandRow, seconds: number, bellSeconds: number): boolean {
  const { ms, at } = command.heldUp ?? { ms: 0, at: draft.lookedAt };
  const since = Math.min(Math.max(0, draft.lookedAt - at), 2000 * bellSeconds);
  command.heldUp = { ms: ms + since, at: draft.lookedAt };
  draft.vms.touch(vm);
  return command.heldUp.ms >= 1000 * seconds;
}

function intended(
  draft: Scene,
  vm: VmRow,
  command: CommandRow,
  { view, agent }: Extract<Look, { kind: 'seen' }>,
  settings: LoopSettings,
): void {
  const unfit = agent && unfitAgent(vm.os, agent);
  if (unfit) return fail(draft, vm, command, unfit);
  if (view && isBusy(view)) {
    // An earlier command still runs in this slot: it is waited for, never overtaken.
    if (isHeldUpTooLong(draft, vm, command, settings.commandSeconds, settings.bellSeconds))
      fail(draft, vm, command, failed('COMMAND_SLOT_BUSY', `${view.state} since ${view.startTime ?? 'unknown'}`));
    return;
  }
  command.phase = 'sent';
  delete command.heldUp;
  command.sentAt = draft.now;
  command.healthyVips = healthyVips(draft, command);
  command.deadline = draft.now + inAllSeconds(settings) * 1000;
  if (view?.startTime !== undefined) command.priorStart = view.startTime;
  draft.vms.touch(vm);
  send(draft, vm, command, settings);
}

function sent(
  draft: Scene,
  vm: VmRow,
  command: CommandRow,
  view: CommandView | undefined,
  settings: LoopSettings,
): void {
  const refusal = command.refusal;
  if (refusal && isMissingRight(refusal)) return fail(draft, vm, command, denied(refusal.action));
  if (refusal?.code === 'PLAN_INVALID') return fail(draft, vm, command, failed(refusal.code, refusal.text));
  if (refusal?.code === 'AZURE_NOT_FOUND') return fail(draft, vm, command, failed('VM_GONE', refusal.text));

  const wanted = guestCommand(vm, command, settings);
  if (view?.commandId !== wanted.commandId) {
    // Azure does not hold our script: the PUT was refused, lost, or never made. An equal PUT does no harm.
    if (view && isBusy(view)) return late(draft, vm, command, 'COMMAND_SLOT_BUSY', view.state);
    if (refusal?.code === 'AZURE_CONFLICT' || refusal?.code === 'AZURE_THROTTLED') {
      return withdraw(draft, vm, command, failed(refusal.code, refusal.text), refusal.notBefore);
    }
    if (isHeldUpTooLong(draft, vm, command, inAllSeconds(settings), settings.bellSeconds)) {
      if (refusal?.code === 'AZURE_DENIED') return fail(draft, vm, command, denied(refusal.action));
      const [code, text] = refusal ? [refusal.code, refusal.text] : ['COMMAND_NOT_ACCEPTED', 'Azure never showed it'];
      return fail(draft, vm, command, failed(code, text));
    }
    if (refusal && draft.now < refusal.notBefore) return;
    if (refusal) {
      delete command.refusal;
      draft.vms.touch(vm);
    }
    return send(draft, vm, command, settings);
  }
  if (!command.shown) {
    // Azure holds it: its time begins here, however long a loop stood still on the way to the PUT.
    command.shown = true;
    command.deadline = draft.now + inAllSeconds(settings) * 1000;
    draft.vms.touch(vm);
  }
  if (!ENDED.has(view.state)) {
    // Provisioning that failed without an execution: the agent could not run it at all.
    if (/^Failed$/i.test(view.provisioningState) && !RUNNING.has(view.state)) {
      return fail(draft, vm, command, failed('COMMAND_NOT_RUN', view.message || 'provisioning failed'));
    }
    return late(draft, vm, command, 'COMMAND_TIMED_OUT', view.state);
  }
  if (view.startTime !== undefined && view.startTime === command.priorStart) {
    return late(draft, vm, command, 'COMMAND_NOT_STARTED', 'Azure still shows the execution before');
  }
  ended(draft, vm, command, view, wanted);
}

function ended(draft: Scene, vm: VmRow, command: CommandRow, view: CommandView, wanted: GuestCommand): void {
  let report: GuestReport;
  try {
    report = parseReport(view.output, wanted);
  } catch (error) {
    if (!(error instanceof ReportError)) throw error;
    if (error.code === 'REPORT_OF_ANOTHER_RUN') return late(draft, vm, command, error.code, error.message);
    const refusal = error.code === 'REPORT_MISSING' ? refusalOf(`${view.error}\n${view.output}`) : undefined;
    if (refusal) return fail(draft, vm, command, refusal);
    const state = view.state === 'Succeeded' ? '' : `${view.state}, exit code ${view.exitCode ?? 'none'}: `;
    return fail(draft, vm, command, failed(error.code, `${state}${error.message}`));
  }
  succeed(draft, vm, command, report);
}

/** Not there yet. Past the deadline it has failed, and what may still run is cancelled first. */
function late(draft: Scene, vm: VmRow, command: CommandRow, code: string, detail: string): void {
  if (draft.lookedAt < command.deadline) return;
  vm.findings = [failed(code, detail)];
  command.phase = 'cancelling';
  draft.vms.touch(vm);
  draft.effects.push({ kind: 'cancel', vmId: vm.vmId, seq: command.seq, slot: command.slot });
  draft.log.push({
    level: 'warn',
    step: 'cancel',
    fields: { vmId: vm.vmId, runIds: command.runIds, seq: command.seq, code },
  });
}

function cancelling(draft: Scene, vm: VmRow, command: CommandRow, view: CommandView | undefined): void {
  if (view && !ENDED.has(view.state)) {
    // A lock may refuse the delete; the guest's own time limit then ends it. Asked again, but not in a hurry.
    if (!command.refusal || draft.now >= command.refusal.notBefore) {
      draft.effects.push({ kind: 'cancel', vmId: vm.vmId, seq: command.seq, slot: command.slot });
    }
    return;
  }
  vm.slot = command.slot === 'A' ? 'B' : 'A';
  fail(draft, vm, command, vm.findings[0] ?? failed('COMMAND_CANCELED', 'canceled'));
}

function send(draft: Draft, vm: VmRow, command: CommandRow, settings: LoopSettings): void {
  draft.effects.push({
    kind: 'send',
    vmId: vm.vmId,
    seq: command.seq,
    os: vm.os,
    location: vm.location,
    slot: command.slot,
    command: guestCommand(vm, command, settings),
    timeoutSeconds: settings.commandSeconds,
    tags: settings.commandTags,
  });
  draft.log.push({
    level: 'info',
    step: 'send',
    fields: { vmId: vm.vmId, runIds: command.runIds, seq: command.seq, mode: command.mode },
  });
}
