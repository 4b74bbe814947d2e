/**
 * Which commands may go now. The careful part: one command per VM, members of a frontend one after another,
 * those that are primary for nothing first, a failed apply halts its frontends, N at a time. Pure.
 */
import { planHash } from '../evaluate/planHash.ts';
import { finding } from '../model/findings.ts';
import { type IdKey, idKey, sameId } from '../model/ids.ts';
import type { Evaluation } from '../model/path.ts';
import type { OutcomeRow, VmRow } from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { Topology } from '../model/topology.ts';
import { type Candidate, candidatesOf } from './candidates.ts';
import { isUnconfirmed } from './confirm.ts';
import { type Draft, outcomesOf } from './draft.ts';
import { settleFromEvaluation, take } from './outcomes.ts';

/** What a command must wait for: another's end, or a time. */
interface Wait {
  why: string;
  until?: number;
}

/** Starts the commands that may go; returns how many. */
export function schedule(draft: Draft, evaluation: Evaluation, topology: Topology, settings: LoopSettings): number {
  const candidates = candidatesOf(draft, evaluation, topology, settings);
  const taken = takenVips(draft);
  const announced = vmsOfUnconfirmed(draft);
  let inFlight = draft.vms.all().filter((vm) => vm.command).length;
  let started = 0;
  for (const item of candidates) {
    if (settleHalted(draft, item, evaluation)) continue;
    const wait = mustWait(draft, item, taken, inFlight, settings) ?? awaitFailover(draft, item, announced);
    if (wait) {
      for (const { outcome } of item.wishes) sayWaiting(draft, outcome, wait);
      continue;
    }
    if (start(draft, item, topology, settings)) {
      started += 1;
      inFlight += 1;
      if (item.mode !== 'check') for (const vip of item.vips) taken.add(vip);
    }
  }
  return started;
}

/** VIPs of VMs whose guest is being changed. */
function takenVips(draft: Draft): Set<string> {
  const changing = draft.vms.all().filter((vm) => vm.command && vm.command.mode !== 'check');
  return new Set(changing.flatMap((vm) => vm.command?.vips ?? []));
}

/** A failed apply on another member leaves this one alone, unless a person asks. */
function settleHalted(draft: Draft, item: Candidate, evaluation: Evaluation): boolean {
  if (item.mode !== 'apply' || item.wishes.some((wish) => wish.run.signal === 'manual')) return false;
  const vips = new Set(item.plan.frontends.map((frontend) => frontend.vip));
  const members = new Set(
    evaluation.paths.filter((path) => idKey(path.vmId) === idKey(item.vmId)).map((path) => idKey(path.frontendId)),
  );
  const halted = draft.frontends
    .all()
    .find(
      (row) =>
        row.halted && members.has(idKey(row.frontendId)) && vips.has(row.vip) && !sameId(row.halted.vmId, item.vmId),
    );
  if (!halted) return false;
  for (const { run, outcome } of item.wishes) {
    settleFromEvaluation(draft, run, outcome, evaluation, [finding('ROLLOUT_HALTED', { vip: halted.vip })]);
  }
  return true;
}

function mustWait(
  draft: Draft,
  item: Candidate,
  taken: ReadonlySet<string>,
  inFlight: number,
  settings: LoopSettings,
): Wait | undefined {
  const vm = draft.vms.get(idKey(item.vmId));
  if (vm?.command) return { why: 'VM_BUSY' };
  const { retryAt = 0, failure } = vm?.last ?? {};
  if (retryAt > draft.now) return { why: failure?.params.code ?? 'AZURE_CONFLICT', until: retryAt };
  if (item.mode !== 'check' && item.vips.some((vip) => taken.has(vip))) return { why: 'MEMBER_BUSY' };
  return inFlight >= settings.maxCommands ? { why: 'COMMAND_LIMIT' } : undefined;
}

/** How long an automatic command waits to be shared with a failover that is not confirmed yet, milliseconds. */
const SHARE_MS = 2 * 60_000;

/** VMs that a failover run will look at once it is confirmed. */
function vmsOfUnconfirmed(draft: Draft): Set<IdKey> {
  const runs = draft.runs.all().filter((run) => run.state === 'running' && isUnconfirmed(run));
  const outcomes = runs.flatMap((run) => outcomesOf(draft, run.runId));
  return new Set(outcomes.filter((item) => item.state === 'waiting').map((item) => idKey(item.vmId)));
}

/** One command for both instead of one now and one right after it. */
function awaitFailover(draft: Draft, item: Candidate, announced: ReadonlySet<IdKey>): Wait | undefined {
  const automatic = item.wishes.every((wish) => wish.run.signal !== 'manual');
  const oldest = Math.min(...item.wishes.map((wish) => wish.run.observedAt));
  const waits = automatic && announced.has(idKey(item.vmId)) && draft.now - oldest < SHARE_MS;
  return waits ? { why: 'FAILOVER_PENDING' } : undefined;
}

function sayWaiting(draft: Draft, outcome: OutcomeRow, { why, until }: Wait): void {
  if (outcome.waitingFor === why && outcome.notBefore === until) return;
  outcome.waitingFor = why;
  if (until === undefined) delete outcome.notBefore;
  else outcome.notBefore = until;
  draft.outcomes.touch(outcome);
}

function start(draft: Draft, item: Candidate, topology: Topology, settings: LoopSettings): boolean {
  const listed = topology.vms.find((vm) => sameId(vm.id, item.vmId));
  if (!listed || listed.os === 'unknown') return false;
  const vm: VmRow =
    draft.vms.get(idKey(item.vmId)) ??
    draft.vms.add({
      vmId: listed.id,
      location: listed.location,
      os: listed.os,
      // Numbers go on from the clock, so that a program installed anew never repeats a command id that the VM knows.
      seq: Math.floor(draft.now / 1000),
      slot: 'A',
      proofs: {},
      findings: [],
    });
  vm.location = listed.location;
  vm.os = listed.os;
  vm.seq += 1;
  vm.command = {
    seq: vm.seq,
    mode: item.mode,
    slot: vm.slot,
    phase: 'intended',
    runIds: item.wishes.map((wish) => wish.run.runId),
    plan: item.plan,
    planHash: planHash(item.plan),
    vips: item.vips,
    intendedAt: draft.now,
    deadline: draft.now + settings.commandSeconds * 1000,
  };
  if (item.mode === 'remove') vm.hold = { runId: item.wishes[0]?.run.runId ?? '', at: draft.now };
  draft.vms.touch(vm);
  for (const { outcome } of item.wishes) take(draft, outcome, vm.seq);
  draft.log.push({
    level: 'info',
    step: 'intend',
    fields: {
      vmId: vm.vmId,
      runIds: vm.command.runIds,
      seq: vm.seq,
      mode: item.mode,
      vips: item.plan.frontends.length,
    },
  });
  return true;
}
