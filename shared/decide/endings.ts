/** How a command ends on its VM's row: with a report, or with the finding that says why there is none. Pure. */
import { planHash } from '../evaluate/planHash.ts';
import type { CommandFailureCode } from '../model/commandFailures.ts';
import { commandResource } from '../model/commandId.ts';
import { type Finding, finding, findingText } from '../model/findings.ts';
import { type GuestReport, MAX_BACKENDS, type PathReport } from '../model/guest.ts';
import { plainSentence } from '../model/lines.ts';
import { defined } from '../model/optional.ts';
import type { Proof } from '../model/path.ts';
import { finalRefusal, isRightMissing } from '../model/refusals.ts';
import type { CommandRow, VmRow } from '../model/rows.ts';
import { oneOrAll } from '../model/steps.ts';
import type { WaitCode } from '../model/waits.ts';
import { seenLook } from './away.ts';
import { placedAfter } from './kept.ts';
import { type Pass, tell } from './pass.ts';

/** A VM with its command in flight. */
export interface InFlight {
  vm: VmRow;
  command: CommandRow;
}

/** Takes in a report: the last look, its proofs, and that the command is over. */
export function succeed(pass: Pass, { vm, command }: InFlight, report: GuestReport): void {
  const hash = planHash(command.plan);
  if (command.mode === 'remove') {
    delete vm.look;
    vm.proofs = {};
    if (report.errorCode === undefined) delete vm.placed;
  } else {
    vm.placed = placedAfter(vm, command, report);
    vm.proofs = renewProofs(vm, hash, report, pass.now);
    vm.look = { at: pass.now, planHash: hash, report, healthyVips: healthyThroughout(pass, command) };
  }
  vm.findings = [];
  endCommand(pass, { vm, command }, { changed: report.changed, warnings: report.warnings });
  if (command.mode === 'remove' && report.errorCode && vm.last) {
    vm.last.failure = finding('GUEST_FAILED', { code: report.errorCode, detail: report.errorDetail ?? '' });
  }
  tell(pass, 'report', {
    ...namesOf(vm, command),
    changed: report.changed,
    errorCode: report.errorCode ?? '',
  });
}

function endCommand(
  { now }: Pass,
  { vm, command }: InFlight,
  how: Pick<NonNullable<VmRow['last']>, 'changed' | 'warnings' | 'failure' | 'retryAt'>,
): void {
  vm.last = { seq: command.seq, mode: command.mode, endedAt: now, ...how };
  delete vm.command;
}

const namesOf = (vm: VmRow, { runIds, seq }: CommandRow) => ({ runId: oneOrAll(runIds), vmId: vm.vmId, seq });

/** A failure in a line of the log: the code in it, where it has one. */
const saidOf = (failure: Finding) => ({ code: failure.params.code ?? failure.code, text: findingText(failure) });

/** The command's VIPs with somebody to connect to, as far as is known. */
export const healthyVips = (pass: Pass, { vips }: CommandRow): string[] =>
  vips.filter((vip) => pass.healthyVips().has(vip));

/** When it was sent and when it ended: a connect that failed while there was nobody says nothing later. */
const healthyThroughout = (pass: Pass, command: CommandRow): string[] =>
  healthyVips(pass, command).filter((vip) => command.healthyVips?.includes(vip) ?? true);

/**
 * A proof is kept by VIP, with every own address and port that connects were seen to come back to. A connect to another
 * member does not wipe out that a connect to itself was seen under the same untouched state; a failed one does.
 */
function renewProofs(vm: VmRow, hash: string, report: GuestReport, now: number): Record<string, Proof> {
  const proofs: Record<string, Proof> = {};
  for (const path of report.paths) {
    if (path.after.length > 0 || path.connectAfter.outcome !== 'ok' || path.proof === 'none') continue;
    const earlier = vm.proofs[path.vip];
    const untouched = seenLook(vm)?.planHash === hash && path.before.length === 0;
    proofs[path.vip] = renewed(path.proof, path.accepted, untouched ? earlier : undefined, now);
  }
  return proofs;
}

/** No more ends of a path are remembered: each of its addresses twice, should a rule's port have changed meanwhile. */
const MOST_SEEN = 2 * MAX_BACKENDS;

/** A proof with what it saw, and what `earlier` ones of the same untouched state saw. */
function renewed(
  kind: 'self' | 'remote',
  accepted: PathReport['accepted'],
  earlier: Proof | undefined,
  now: number,
): Proof {
  const before = earlier?.kind === 'self' ? earlier : undefined;
  if (kind === 'remote') return before ?? { kind, at: now };
  if (!accepted) return { kind, at: now, ...defined({ seen: before?.seen }) };
  const others = (before?.seen ?? []).filter(({ ip, port }) => ip !== accepted.ip || port !== accepted.port);
  return { kind, at: now, seen: [{ ...accepted, at: now }, ...others].slice(0, MOST_SEEN) };
}

/** Ends a command without a report. */
export function fail(pass: Pass, { vm, command }: InFlight, failure: Finding): void {
  vm.findings = [failure];
  endCommand(pass, { vm, command }, { changed: 0, warnings: [], failure });
  tell(pass, 'command-failed', { ...namesOf(vm, command), ...saidOf(failure) });
}

/**
 * Azure took nothing (somebody else's command is on the VM, or too many calls were made), or it is not what should be
 * done any more. That is no failure. The command is given up, so that its place goes to another VM, and the outcome
 * takes its turn again after `retryAt`.
 */
export function withdraw(pass: Pass, { vm, command }: InFlight, failure: Finding, retryAt: number): void {
  endCommand(pass, { vm, command }, { changed: 0, warnings: [], failure, retryAt });
  tell(pass, 'withdrawn', { ...namesOf(vm, command), retryAt, ...saidOf(failure) });
}

/**
 * Nothing was sent yet, and another command goes first: of a member of the same mirror, or there is no place. The
 * outcomes take their turn again, under another number.
 */
export function takeBack(pass: Pass, { vm, command }: InFlight): void {
  delete vm.command;
  tell(pass, 'taken-back', namesOf(vm, command));
}

/** What a withdrawn command waits for. */
export function waitAfter({ failure }: NonNullable<VmRow['last']>): WaitCode {
  if (failure?.code === 'ACCESS_DENIED') return 'RIGHT_MISSING';
  const code = failure?.params.code;
  if (code === 'COMMAND_OUTDATED') return 'PLAN_CHANGED';
  return code === 'AZURE_THROTTLED' ? 'AZURE_THROTTLED' : 'AZURE_CONFLICT';
}

/** What Azure said to a call. */
export interface Refusal {
  status: number;
  azureCode?: string;
  action: string;
  text: string;
}

/** A new role takes up to five minutes to work ("Troubleshoot Azure RBAC"): a right that is missing is tried again after that. */
const RIGHT_PAUSE_MS = 5 * 60_000;

/**
 * Ends a command that Azure refuses for good, with Azure's own code and words. A right that is missing is tried twice,
 * since a new role takes a while, unless the command may be in the guest by now. False for what may pass.
 */
export function refuse(pass: Pass, { vm, command }: InFlight, refusal: Refusal): boolean {
  const failure = finalFinding(refusal);
  if (!failure) return false;
  const isSecond = vm.last?.retryAt !== undefined && vm.last.failure?.code === failure.code;
  if (refusal.azureCode === 'AuthorizationFailed' && !isSecond && !command.shown) {
    withdraw(pass, { vm, command }, failure, pass.now + RIGHT_PAUSE_MS);
  } else fail(pass, { vm, command }, failure);
  return true;
}

/** What is said of an answer that stands until a person does something; undefined for one that may pass. */
function finalFinding({ status, azureCode = '', action, text }: Refusal): Finding | undefined {
  const answer = { status, azureCode, text };
  const params = { action, code: azureCode || String(status), text: plainSentence(text, 300) };
  if (isRightMissing(answer)) return finding('ACCESS_DENIED', params);
  return finalRefusal(answer) === undefined ? undefined : finding('AZURE_REFUSES', params);
}

/** How long sweeps leave a VM alone for which Azure refused a command for good, milliseconds: nothing else would tell that it is over. */
const REFUSED_MS = 24 * 3_600_000;

/** The refusal that a sweep does not put to the test again; undefined where it may send. */
export function standingRefusal(vm: Readonly<VmRow> | undefined, now: number): Finding | undefined {
  const { failure, endedAt, retryAt } = vm?.last ?? {};
  if (failure?.code !== 'ACCESS_DENIED' && failure?.code !== 'AZURE_REFUSES') return undefined;
  return retryAt === undefined && now - (endedAt ?? 0) < REFUSED_MS ? failure : undefined;
}

/** A command that did not deliver a report. */
export const failed = (code: CommandFailureCode, detail: string): Finding =>
  finding('COMMAND_FAILED', { code, detail: detail.slice(0, 300) });

/** A command that was cancelled and does not end. */
export function stuckFinding({ vmId, findings }: Readonly<VmRow>, { slot, refusal }: CommandRow): Finding {
  const { code = '', detail = '' } = findings[0]?.params ?? {};
  const why = refusal ? `; its DELETE was refused: ${refusal.azureCode ?? ''} ${refusal.text}` : '';
  const said = plainSentence(`${commandResource(vmId, slot)}: ${code} ${detail}${why}`, 600);
  return finding('COMMAND_FAILED', { code: 'COMMAND_STUCK', detail: said });
}
