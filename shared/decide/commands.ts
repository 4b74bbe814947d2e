/**
 * Follows each command in flight by what Azure shows of it: from intended to sent, from sent to its report or its
 * failure, from cancelling to gone. Pure. Clocks of guest and app are never compared; that an execution is the one we
 * sent is told by its script's command id and by a start time that changed.
 * Long: the phases of one command stand beside one another.
 */
import { type AzureError, ReportError } from '../errors.ts';
import { unfitAgent } from '../evaluate/agent.ts';
import { parseReport } from '../guest/report.ts';
import { refusalOf } from '../guest/windows/refusal.ts';
import type { CommandFailureCode } from '../model/commandFailures.ts';
import { commandIdOf } from '../model/commandId.ts';
import type { GuestCommand, GuestReport } from '../model/guest.ts';
import { idKey } from '../model/ids.ts';
import { lastLine } from '../model/lines.ts';
import type { CommandView } from '../model/ports.ts';
import type { CommandRow, VmRow } from '../model/rows.ts';
import { oneOrAll } from '../model/steps.ts';
import { rowKey } from '../model/store.ts';
import { isCutOff, precedence, rivalsOf } from './elsewhere.ts';
import { fail, failed, healthyVips, type InFlight, refuse, succeed, takeBack, withdraw } from './endings.ts';
import { commandMs, guestLimits, guestNetworks } from './limits.ts';
import { take } from './outcomes.ts';
import { whyOutdated } from './outdated.ts';
import { type Look, type Pass, tell, whyUnusable } from './pass.ts';
import { surplusIntents } from './surplus.ts';

/** A command at hand. `lookedAt`: when Azure was asked; no deadline passes between that and its answer. */
interface Watched extends InFlight {
  lookedAt: number;
}

/** Moves every command in flight as far as what was seen allows: those that were sent, then those that are only intended. */
export function followCommands(pass: Pass): void {
  const intents: [Watched, Look][] = [];
  for (const [key, look] of pass.seen.looks) {
    const vm = pass.vms.get(key);
    if (!vm?.command) continue;
    const watched = { vm, command: vm.command, lookedAt: look.at };
    if (vm.command.phase === 'intended') intents.push([watched, look]);
    else follow(pass, watched, look);
  }
  const surplus = surplusIntents(pass);
  for (const [watched, look] of intents) {
    if (surplus.has(watched.vm.vmId)) takeBack(pass, watched);
    else follow(pass, watched, look);
  }
}

/** A loop killed after a VM's row held its command and before the outcomes said so: they are given it, not another one. */
export function rejoinCommands({ vms, outcomes }: Pass): void {
  for (const { vmId, command } of vms.readAll()) {
    if (!command) continue;
    for (const runId of command.runIds) {
      const outcome = outcomes.get(runId, idKey(vmId));
      if (outcome?.state === 'waiting') take(outcome, command.seq);
    }
  }
}

function follow(pass: Pass, watched: Watched, look: Look): void {
  if (look.kind === 'failed') return unseen(pass, watched, look.error);
  switch (watched.command.phase) {
    case 'intended':
      return intended(pass, watched, look);
    case 'sent':
      return sent(pass, watched, look.view);
    case 'cancelling':
      return cancelling(pass, watched, look.view);
  }
}

const RUNNING = new Set(['Pending', 'Running']);
const ENDED = new Set(['Succeeded', 'Failed', 'TimedOut', 'Canceled']);

/** True while Azure may still be running something in this slot. */
const isBusy = (view: CommandView): boolean =>
  RUNNING.has(view.state) || (!ENDED.has(view.state) && /^(Creating|Updating|Deleting)$/i.test(view.provisioningState));

/** The command that a VM row stands for, as the guest gets it. */
const guestCommand = ({ settings }: Pass, { vm, command }: InFlight): GuestCommand => ({
  commandId: commandIdOf(rowKey(vm.vmId), command.seq),
  mode: command.mode,
  plan: command.plan,
  ...guestNetworks(settings),
  limits: guestLimits(settings),
});

/** The look itself failed: a missing right is final, anything else (a token that ran out too) is tried again until the deadline. */
function unseen(pass: Pass, watched: Watched, error: AzureError): void {
  const { vm, command } = watched;
  const { azureCode, action, said } = error;
  if (command.phase !== 'cancelling' && refuse(pass, watched, { status: error.status, azureCode, action, text: said }))
    return;
  if (command.phase === 'intended' && isHeldUpTooLong(pass, watched, 1000 * pass.settings.commandSeconds)) {
    return fail(pass, watched, failed('COMMAND_NOT_SEEN', error.message));
  }
  const { code, status, message: text } = error;
  tell(pass, 'look-failed', { runId: oneOrAll(command.runIds), vmId: vm.vmId, seq: command.seq, code, status, text });
}

/**
 * What Azure does not hold yet is given so many milliseconds of looks that found it so, each a bell or two after the one
 * before. Time in which nobody looked, because the app was down or its clock jumped, is nobody's fault: it does not count.
 */
function isHeldUpTooLong({ settings }: Pass, { command, lookedAt }: Watched, most: number): boolean {
  const { ms, at } = command.heldUp ?? { ms: 0, at: lookedAt };
  const since = Math.min(Math.max(0, lookedAt - at), 2000 * settings.bellSeconds);
  command.heldUp = { ms: ms + since, at: lookedAt };
  return command.heldUp.ms >= most;
}

function intended(pass: Pass, watched: Watched, { view, agent }: Extract<Look, { kind: 'seen' }>): void {
  const { vm, command } = watched;
  if (pass.survey && isCutOff(pass.survey, command)) return waitOrTakeBack(pass, watched);
  if (isOutdated(pass, watched)) return;
  const unfit = agent && unfitAgent(vm.os, agent);
  if (unfit?.code === 'AGENT_NOT_READY') vm.awayAt = pass.now;
  if (unfit) return fail(pass, watched, unfit);
  if (view && isBusy(view)) {
    // An earlier command still runs in this slot: it is waited for, never overtaken.
    if (isHeldUpTooLong(pass, watched, 1000 * pass.settings.commandSeconds)) {
      fail(pass, watched, failed('COMMAND_SLOT_BUSY', `${view.state} since ${view.startTime ?? 'unknown'}`));
    }
    return;
  }
  if (!pass.survey) return waitForLists(pass, watched);
  const before = command.mode === 'check' ? 'send' : precedence(rivalsOf(pass.seen.elsewhere, command.shared), vm.vmId);
  if (before === 'takeBack') return takeBack(pass, watched);
  if (before === 'wait') return waitOrTakeBack(pass, watched);
  command.phase = 'sent';
  delete command.heldUp;
  command.sentAt = pass.now;
  command.healthyVips = healthyVips(pass, command);
  command.deadline = pass.now + commandMs(pass.settings);
  if (view?.startTime !== undefined) command.priorStart = view.startTime;
  send(pass, watched);
}

/** What is only intended waits, and gives its place back when that takes too long. */
function waitOrTakeBack(pass: Pass, watched: Watched): void {
  if (isHeldUpTooLong(pass, watched, 1000 * pass.settings.commandSeconds)) takeBack(pass, watched);
}

/** Takes back a command that is not what should be done by now; its outcome takes its turn again. */
function isOutdated(pass: Pass, { vm, command }: InFlight): boolean {
  const why = pass.survey && whyOutdated(pass, pass.survey, { vm, command });
  if (why === undefined) return false;
  if (command.mode === 'remove' && vm.hold && command.runIds.includes(vm.hold.runId)) delete vm.hold;
  withdraw(pass, { vm, command }, failed('COMMAND_OUTDATED', why), pass.now);
  return true;
}

/** Nothing is sent by lists that were not read now. */
function waitForLists(pass: Pass, watched: Watched): void {
  if (!isHeldUpTooLong(pass, watched, 1000 * pass.settings.commandSeconds)) return;
  const why = pass.seen.estateError?.message ?? 'it was not read';
  fail(pass, watched, failed('COMMAND_NOT_SEEN', `the estate cannot be read: ${why}`));
}

function sent(pass: Pass, watched: Watched, view: CommandView | undefined): void {
  const { command } = watched;
  const { refusal } = command;
  if (refusal && refuse(pass, watched, refusal)) return;
  if (refusal?.code === 'PLAN_INVALID') return fail(pass, watched, failed(refusal.code, refusal.text));
  if (refusal?.code === 'AZURE_NOT_FOUND') return fail(pass, watched, failed('VM_GONE', refusal.text));

  const wanted = guestCommand(pass, watched);
  if (view?.commandId !== wanted.commandId) return notHeld(pass, watched, view);
  if (!command.shown) {
    // Azure holds it: its time begins here, however long a loop stood still on the way to the PUT.
    command.shown = true;
    command.deadline = pass.now + commandMs(pass.settings);
  }
  if (!ENDED.has(view.state)) {
    // Provisioning that failed without an execution: the agent could not run it at all.
    if (/^Failed$/i.test(view.provisioningState) && !RUNNING.has(view.state)) {
      return fail(pass, watched, failed('COMMAND_NOT_RUN', reasonIn(view) || 'provisioning failed'));
    }
    return late(pass, watched, 'COMMAND_TIMED_OUT', view.state);
  }
  if (view.startTime !== undefined && view.startTime === command.priorStart) {
    return late(pass, watched, 'COMMAND_NOT_STARTED', 'Azure still shows the execution before');
  }
  ended(pass, watched, view, wanted);
}

/** Azure does not hold our script: the PUT was refused, lost, or never made. An equal PUT does no harm. */
function notHeld(pass: Pass, watched: Watched, view: CommandView | undefined): void {
  const { command } = watched;
  const { refusal } = command;
  if (view && isBusy(view)) return late(pass, watched, 'COMMAND_SLOT_BUSY', view.state);
  if (refusal?.code === 'AZURE_CONFLICT' || refusal?.code === 'AZURE_THROTTLED') {
    return withdraw(pass, watched, failed(refusal.code, refusal.text), refusal.notBefore);
  }
  if (isHeldUpTooLong(pass, watched, commandMs(pass.settings))) {
    if (refusal) return fail(pass, watched, failed(refusal.code, `${refusal.action}: ${refusal.text}`));
    return fail(pass, watched, failed('COMMAND_NOT_ACCEPTED', 'Azure never showed it'));
  }
  if (refusal && pass.now < refusal.notBefore) return;
  if (!pass.survey || isOutdated(pass, watched)) return;
  delete command.refusal;
  send(pass, watched);
}

function ended(pass: Pass, watched: Watched, view: CommandView, wanted: GuestCommand): void {
  // The row could not be written with what the command came to: that it ended is kept, and why no more is.
  const unusable = whyUnusable(pass, idKey(watched.vm.vmId));
  if (unusable) return fail(pass, watched, unusable);
  let report: GuestReport;
  try {
    report = parseReport(view.output, wanted);
  } catch (error) {
    if (!(error instanceof ReportError)) throw error;
    if (error.code === 'REPORT_OF_ANOTHER_RUN') return late(pass, watched, error.code, error.message);
    const refused = error.code === 'REPORT_MISSING' ? refusalOf(`${view.error}\n${view.output}`) : undefined;
    if (refused) return fail(pass, watched, refused);
    const state = view.state === 'Succeeded' ? '' : `${view.state}, exit code ${view.exitCode ?? 'none'}: `;
    const reason = error.code === 'REPORT_MISSING' ? lastSaid(view) : lastLine(view.error);
    const said = reason && ` Last line: ${reason}`;
    return fail(pass, watched, failed(error.code, `${state}${error.message}${said}`));
  }
  succeed(pass, watched, report);
}

/** What Azure or the shell said last of a command that could not be run; empty where they said nothing. */
const reasonIn = ({ message, error }: CommandView): string => lastLine(message) || lastLine(error);

/** What a command without a report said last, to stderr before anything else. */
const lastSaid = ({ message, error, output }: CommandView): string =>
  lastLine(error) || lastLine(output) || lastLine(message);

/** Not there yet. Past the deadline it has failed, and what may still run is cancelled first. */
function late(pass: Pass, { vm, command, lookedAt }: Watched, code: CommandFailureCode, detail: string): void {
  if (lookedAt < command.deadline) return;
  vm.findings = [failed(code, detail)];
  command.phase = 'cancelling';
  command.cancelled = { at: pass.now, times: 1 };
  cancel(pass, vm, command);
  tell(pass, 'cancel', { runId: oneOrAll(command.runIds), vmId: vm.vmId, seq: command.seq, code });
}

function cancelling(pass: Pass, watched: Watched, view: CommandView | undefined): void {
  const { vm, command } = watched;
  const hasEnded = command.stopped && endedByItself(pass, watched, view);
  if (hasEnded === 'reported') return;
  // What Azure shows of one that is to be stopped may be the execution before: it is asked to be deleted all the same.
  const isUnasked = command.stopped && !hasEnded && command.cancelled?.times === 0;
  if (isUnasked || (view && !ENDED.has(view.state))) {
    cancelAgain(pass, vm, command);
    return;
  }
  vm.slot = command.slot === 'A' ? 'B' : 'A';
  fail(pass, { vm, command }, vm.findings[0] ?? failed('COMMAND_CANCELED', 'canceled'));
}

/** A command that ended before it could be stopped: what it reports is what happened. */
function endedByItself(pass: Pass, watched: Watched, view: CommandView | undefined): 'reported' | boolean {
  const wanted = guestCommand(pass, watched);
  if (view?.commandId !== wanted.commandId || !ENDED.has(view.state)) return false;
  if (view.startTime !== undefined && view.startTime === watched.command.priorStart) return false;
  if (whyUnusable(pass, idKey(watched.vm.vmId))) return true;
  try {
    succeed(pass, watched, parseReport(view.output, wanted));
    return 'reported';
  } catch (error) {
    if (!(error instanceof ReportError)) throw error;
    return true;
  }
}

/**
 * When a DELETE is asked for, and again after the first one, milliseconds; then no more. The second is the next pass's: a
 * loop that was killed may never have made the first.
 */
const CANCELS_MS = [0, 0, 20_000, 90_000, 400_000];

/** A lock may refuse the delete, and an agent may not heed it: the guest's own time limit then ends it. Asked a few times. */
function cancelAgain(pass: Pass, vm: VmRow, command: CommandRow): void {
  command.cancelled ??= { at: pass.now, times: 0 };
  const { at, times } = command.cancelled;
  const after = CANCELS_MS[times];
  if (after === undefined || pass.now - at < after || pass.now < (command.refusal?.notBefore ?? 0)) return;
  command.cancelled.times += 1;
  cancel(pass, vm, command);
}

function cancel({ effects }: Pass, vm: VmRow, { runIds, seq, slot }: CommandRow): void {
  effects.push({ kind: 'cancel', runIds, vmId: vm.vmId, seq, slot });
}

function send(pass: Pass, { vm, command }: InFlight): void {
  pass.effects.push({
    kind: 'send',
    runIds: command.runIds,
    vmId: vm.vmId,
    seq: command.seq,
    os: vm.os,
    location: vm.location,
    slot: command.slot,
    command: guestCommand(pass, { vm, command }),
    timeoutSeconds: pass.settings.commandSeconds,
    tags: pass.settings.commandTags,
  });
  const { runIds, seq, mode } = command;
  tell(pass, 'send', { runId: oneOrAll(runIds), vmId: vm.vmId, seq, mode });
}
