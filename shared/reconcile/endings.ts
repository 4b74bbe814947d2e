/** How a command ends on its VM's row: with a report, or with the finding that says why there is none. Pure. */
import { isEvidence } from '../evaluate/healthy.ts';
import { planHash } from '../evaluate/planHash.ts';
import { type Finding, finding } from '../model/findings.ts';
import type { GuestReport } from '../model/guest.ts';
import type { Proof } from '../model/path.ts';
import type { CommandRow, VmRow } from '../model/rows.ts';
import type { Draft } from './draft.ts';

/** Takes in a report: the last look, its proofs, and that the command is over. */
export function succeed(draft: Draft, vm: VmRow, command: CommandRow, report: GuestReport): void {
  const hash = planHash(command.plan);
  if (command.mode === 'remove') {
    delete vm.look;
    vm.proofs = {};
  } else {
    vm.proofs = renewProofs(vm, hash, report, draft.now);
    vm.look = { at: draft.now, planHash: hash, report, healthyVips: healthyThroughout(draft, command) };
  }
  vm.findings = [];
  vm.last = {
    seq: command.seq,
    mode: command.mode,
    endedAt: draft.now,
    changed: report.changed,
    warnings: report.warnings,
    ...(command.mode === 'remove' && report.errorCode
      ? { failure: finding('GUEST_FAILED', { code: report.errorCode, detail: report.errorDetail ?? '' }) }
      : {}),
  };
  delete vm.command;
  draft.vms.touch(vm);
  draft.log.push({
    level: 'info',
    step: 'report',
    fields: {
      vmId: vm.vmId,
      runIds: command.runIds,
      seq: command.seq,
      changed: report.changed,
      errorCode: report.errorCode ?? '',
    },
  });
}

/** The command's VIPs with somebody to connect to, as far as is known. */
export const healthyVips = (draft: Draft, { vips }: CommandRow): string[] =>
  draft.frontends
    .all()
    .filter((row) => vips.includes(row.vip) && row.backends.some(isEvidence))
    .map((row) => row.vip);

/** When it was sent and when it ended: a connect that failed while there was nobody says nothing later. */
const healthyThroughout = (draft: Draft, command: CommandRow): string[] =>
  healthyVips(draft, command).filter((vip) => command.healthyVips?.includes(vip) ?? true);

/**
 * A proof is kept by VIP. A connect to another member does not wipe out that a connect to itself was seen under
 * the same untouched state; a failed one does.
 */
function renewProofs(vm: VmRow, hash: string, report: GuestReport, now: number): Record<string, Proof> {
  const proofs: Record<string, Proof> = {};
  for (const path of report.paths) {
    if (path.after.length > 0 || path.connectAfter.outcome !== 'ok' || path.proof === 'none') continue;
    const earlier = vm.proofs[path.vip];
    const untouched = vm.look?.planHash === hash && path.before.length === 0;
    proofs[path.vip] =
      path.proof === 'remote' && earlier?.kind === 'self' && untouched ? earlier : { kind: path.proof, at: now };
  }
  return proofs;
}

/** Ends a command without a report. */
export function fail(draft: Draft, vm: VmRow, command: CommandRow, failure: Finding): void {
  vm.findings = [failure];
  vm.last = { seq: command.seq, mode: command.mode, endedAt: draft.now, changed: 0, warnings: [], failure };
  delete vm.command;
  draft.vms.touch(vm);
  draft.log.push({
    level: 'warn',
    step: 'command-failed',
    fields: { vmId: vm.vmId, runIds: command.runIds, seq: command.seq, code: failure.code, ...failure.params },
  });
}

/**
 * Azure took nothing: somebody else's command is on the VM, or too many calls were made. That is no failure. The
 * command is given up, so that its place goes to another VM, and the outcome takes its turn again after `retryAt`.
 */
export function withdraw(draft: Draft, vm: VmRow, command: CommandRow, failure: Finding, retryAt: number): void {
  vm.last = { seq: command.seq, mode: command.mode, endedAt: draft.now, changed: 0, warnings: [], failure, retryAt };
  delete vm.command;
  draft.vms.touch(vm);
  draft.log.push({
    level: 'info',
    step: 'withdrawn',
    fields: { vmId: vm.vmId, runIds: command.runIds, seq: command.seq, retryAt, ...failure.params },
  });
}

/** 403. A 401 is a token that ran out or could not be had: that passes. */
export const isMissingRight = ({ code, status }: { code: string; status: number }): boolean =>
  code === 'AZURE_DENIED' && status !== 401;

/** A command that did not deliver a report. */
export const failed = (code: string, detail: string): Finding =>
  finding('COMMAND_FAILED', { code, detail: detail.slice(0, 300) });
/** A call that the app's identity may not make. */
export const denied = (action: string): Finding => finding('ACCESS_DENIED', { action });
