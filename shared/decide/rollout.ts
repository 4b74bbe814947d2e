/**
 * Which commands may go now. The careful part: one command per VM, members of a frontend one after another,
 * those that are primary for nothing first, a failed apply halts its frontends, N at a time. Pure.
 */
import { commandResource } from '../model/commandId.ts';
import { type Finding, finding } from '../model/findings.ts';
import { type IdKey, idKey, sameId } from '../model/ids.ts';
import { type FrontendRow, isUnconfirmed, type OutcomeRow, type RunRow, type VmRow } from '../model/rows.ts';
import { oneOrAll } from '../model/steps.ts';
import type { WaitCode } from '../model/waits.ts';
import { type Candidate, chooseCommands } from './candidates.ts';
import { rivalsOf } from './elsewhere.ts';
import { stuckFinding, waitAfter } from './endings.ts';
import { frontendIdsOf } from './kept.ts';
import { isStuck } from './limits.ts';
import { waitsForLists } from './missingLists.ts';
import { letsOthersFirst } from './othersFirst.ts';
import { letWait, settle, settleFromEstate, take } from './outcomes.ts';
import { type EstatePass, type Pass, tell, whyUnusable } from './pass.ts';
import { emptyRoom, isTaken, occupied, occupy, type Room } from './room.ts';

/** What a command must wait for: another's end, or a time. */
interface Wait {
  why: WaitCode;
  until?: number;
}

/** What commands under way leave to others. */
interface RoomLeft extends Room {
  /** VIPs of VMs whose command does not end, with that command's resource id. */
  stuck: Map<string, string>;
  /** VMs that a failover run will look at once it is confirmed. */
  announced: ReadonlySet<IdKey>;
}

/**
 * How often it is looked whether another subscription's member has ended, milliseconds: its end rings no bell here, and
 * each look reads the estate.
 */
const ACROSS_MS = 10_000;

/** How long until a VM is looked at again that needs lists that are missing, milliseconds. */
const LISTS_PAUSE_MS = 30_000;

/** Starts the commands that may go; returns how many. */
export function startCommands(pass: EstatePass): number {
  const { candidates, superseded, refused, heldBack } = chooseCommands(pass);
  for (const { outcome } of superseded) settle(pass, outcome, 'superseded');
  for (const { wish, why } of refused) settleFromEstate(pass, wish.outcome, why);
  for (const { wish, why } of heldBack) {
    if (waitsForLists(pass, wish.run)) letWait(wish.outcome, 'SUBSCRIPTION_UNREAD', pass.now + LISTS_PAUSE_MS);
    else settleFromEstate(pass, wish.outcome, [why], 'unknown');
  }
  const room = roomLeft(pass);
  let started = 0;
  for (const candidate of candidates) {
    if (tellStuck(pass, candidate, room)) continue;
    const why = whyHalted(pass, candidate);
    if (why) {
      for (const { outcome } of candidate.wishes) settleFromEstate(pass, outcome, [why]);
      continue;
    }
    const wait = mustWait(pass, candidate, room);
    if (wait) {
      for (const { outcome } of candidate.wishes) letWait(outcome, wait.why, wait.until);
      continue;
    }
    if (!start(pass, candidate)) continue;
    started += 1;
    occupy(room, candidate);
  }
  return started;
}

function roomLeft(pass: Pass): RoomLeft {
  const room = emptyRoom(pass.settings.maxCommands);
  const stuck = new Map<string, string>();
  for (const { vmId, command } of pass.vms.readAll()) {
    if (!command) continue;
    occupied(room, command, pass.now);
    if (command.mode !== 'check' && isStuck(command, pass.settings, pass.now)) {
      for (const vip of command.vips) stuck.set(vip, commandResource(vmId, command.slot));
    }
  }
  return { ...room, stuck, announced: vmsOfUnconfirmed(pass) };
}

/**
 * Settles what would wait for a command that does not end: its own VM's, and those of the other members. A person's run
 * that came after its cancel lets it be cancelled once more, and waits for that. False for what waits for none.
 */
function tellStuck(pass: EstatePass, { key, mode, vips, wishes }: Candidate, { stuck }: RoomLeft): boolean {
  const vm = pass.vms.read(key);
  if (vm?.command) {
    if (!isStuck(vm.command, pass.settings, pass.now)) return false;
    const { at = 0 } = vm.command.cancelled ?? {};
    const isAskedAgain = wishes.some(({ run }) => run.signal === 'manual' && run.observedAt > at);
    if (isAskedAgain) delete pass.vms.get(key)?.command?.cancelled;
    const why = stuckFinding(vm, vm.command);
    for (const { outcome } of wishes) {
      if (isAskedAgain) letWait(outcome, 'VM_BUSY');
      else settleFromEstate(pass, outcome, [why], 'failed');
    }
    return true;
  }
  const vip = mode === 'check' ? undefined : vips.find((candidate) => stuck.has(candidate));
  if (vip === undefined) return false;
  const why = finding('MEMBER_STUCK', { vip, command: stuck.get(vip) ?? '' });
  for (const { outcome } of wishes) settleFromEstate(pass, outcome, [why], 'unknown');
  return true;
}

function vmsOfUnconfirmed({ outcomes, runs }: Pass): Set<IdKey> {
  const vms = new Set<IdKey>();
  for (const run of runs.all()) {
    if (run.state !== 'running' || !isUnconfirmed(run)) continue;
    for (const outcome of outcomes.readOfRun(run.runId)) if (outcome.state === 'waiting') vms.add(idKey(outcome.vmId));
  }
  return vms;
}

/**
 * Why a candidate is left alone: a failed apply on another member, unless a person asks, or a frontend whose row cannot
 * be used, since that row may say so.
 */
function whyHalted(pass: EstatePass, { key, mode, plan, wishes, vmId }: Candidate): Finding | undefined {
  if (mode !== 'apply') return undefined;
  const byHand = wishes.some((wish) => wish.run.signal === 'manual');
  const planned = new Set(plan.frontends.map((frontend) => frontend.vip));
  for (const { frontendKey, vip } of pass.evaluation.pathsOfVm.get(key) ?? []) {
    if (!planned.has(vip)) continue;
    const unusable = whyUnusable(pass, frontendKey);
    if (unusable) return unusable;
    const halted = pass.frontends.read(frontendKey)?.halted;
    if (!byHand && halted && !sameId(halted.vmId, vmId)) return finding('ROLLOUT_HALTED', { vip });
  }
  return undefined;
}

function mustWait(pass: EstatePass, candidate: Candidate, room: RoomLeft): Wait | undefined {
  const vm = pass.vms.read(candidate.key);
  if (vm?.command) return { why: 'VM_BUSY' };
  const last = vm?.last;
  // A person may know that the right is there by now.
  const byHand = candidate.wishes.some(({ run }) => run.signal === 'manual') && last?.failure?.code === 'ACCESS_DENIED';
  if (last?.retryAt !== undefined && last.retryAt > pass.now && !byHand)
    return { why: waitAfter(last), until: last.retryAt };
  if (isTaken(room, candidate)) return { why: 'MEMBER_BUSY' };
  if (candidate.mode !== 'check') {
    const until = pass.now + ACROSS_MS;
    if (rivalsOf(pass.seen.elsewhere, candidate.shared).length > 0) return { why: 'MEMBER_BUSY', until };
    if (letsOthersFirst(pass, candidate)) return { why: 'MEMBER_FIRST', until };
  }
  if (room.places <= 0) return { why: 'COMMAND_LIMIT' };
  return awaitsFailover(pass, candidate, room.announced) ? { why: 'FAILOVER_PENDING' } : undefined;
}

/** How long an automatic command waits to be shared with a failover that is not confirmed yet, milliseconds. */
const SHARE_MS = 2 * 60_000;

/** One command for both instead of one now and one right after it. */
function awaitsFailover({ now }: Pass, { key, wishes }: Candidate, announced: ReadonlySet<IdKey>): boolean {
  const automatic = wishes.every((wish) => wish.run.signal !== 'manual');
  const oldest = Math.min(...wishes.map((wish) => wish.run.observedAt));
  return automatic && announced.has(key) && now - oldest < SHARE_MS;
}

function start(pass: EstatePass, { key, wishes, mode, plan, planHash, vips, shared }: Candidate): boolean {
  const listed = pass.survey.vms.get(key);
  if (!listed || listed.os === 'unknown') return false;
  const vm: VmRow =
    pass.vms.get(key) ??
    pass.vms.add({
      vmId: listed.id,
      location: listed.location,
      os: listed.os,
      // Numbers go on from the clock, so that a program installed anew never repeats a command id that the VM knows.
      seq: Math.floor(pass.now / 1000),
      slot: 'A',
      proofs: {},
      findings: [],
    });
  vm.location = listed.location;
  vm.os = listed.os;
  vm.seq += 1;
  vm.command = {
    seq: vm.seq,
    mode,
    slot: vm.slot,
    phase: 'intended',
    runIds: wishes.map((wish) => wish.run.runId),
    plan,
    planHash,
    frontendIds: frontendIdsOf(pass.survey, key, vm, plan),
    vips,
    ...(shared.length > 0 ? { shared } : {}),
    intendedAt: pass.now,
    deadline: pass.now + pass.settings.commandSeconds * 1000,
  };
  if (mode === 'remove') vm.hold = { runId: wishes[0]?.run.runId ?? '', at: pass.now };
  for (const { outcome } of wishes) take(outcome, vm.seq);
  const { runIds, seq } = vm.command;
  tell(pass, 'intend', { runId: oneOrAll(runIds), vmId: vm.vmId, seq, mode, vips: plan.frontends.length });
  return true;
}

/** Breaks that halt a frontend. A person who stops an apply may have seen why: nobody else gets it before it works. */
const BROKEN = new Set(['CONNECT_FAILED', 'GUEST_FAILED', 'COMMAND_FAILED', 'COMMAND_STOPPED']);

function halt(pass: Pass, run: RunRow, vmId: string, row: FrontendRow): void {
  row.halted = { vmId, runId: run.runId, at: pass.now };
  tell(pass, 'halted', { runId: run.runId, vmId, frontendId: row.frontendId });
}

/** Halts all frontends of a VM: what came of its apply cannot be known, so no other member is next. */
export function haltAll(pass: EstatePass, run: RunRow, vmId: string): void {
  for (const { frontendKey } of pass.evaluation.pathsOfVm.get(idKey(vmId)) ?? []) {
    const row = pass.frontends.get(frontendKey);
    if (row && !row.halted) halt(pass, run, vmId, row);
  }
}

/** A failed apply halts its frontends for the other members; a working one clears them. */
export function haltOrClear(pass: Pass, run: RunRow, outcome: OutcomeRow, vm: VmRow): void {
  if (vm.last?.mode !== 'apply') return;
  for (const path of outcome.paths) {
    const row = pass.frontends.get(idKey(path.frontendId));
    if (!row) continue;
    if (path.findings.some((item) => BROKEN.has(item.code)) && !row.halted) {
      halt(pass, run, vm.vmId, row);
    } else if (path.verdict === 'compliant') delete row.halted;
  }
}
