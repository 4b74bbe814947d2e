/**
 * Which commands may go now. The careful part: one command per VM, members of a frontend one after another,
 * those that are primary for nothing first, a failed apply halts its frontends, N at a time. Pure.
 */
import { planHash } from '../evaluate/planHash.ts';
import { isAudited } from '../evaluate/touchable.ts';
import { MAX_FRONTENDS } from '../guest/plan.ts';
import { finding } from '../model/findings.ts';
import type { GuestMode, GuestPlan } from '../model/guest.ts';
import { type IdKey, idKey, sameId } from '../model/ids.ts';
import type { Evaluation } from '../model/path.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { Topology } from '../model/topology.ts';
import type { OutcomeRow, RunRow, VmRow } from '../state/rows.ts';
import { isUnconfirmed } from './confirm.ts';
import { type Draft, outcomesOf } from './draft.ts';
import { settle, settleFromEvaluation, take } from './outcomes.ts';
import { inWindow } from './settings.ts';
import { announcedVm, liftsHold } from './targets.ts';

interface Wish {
  run: RunRow;
  outcome: OutcomeRow;
  mode: GuestMode;
}

interface Candidate {
  vmId: string;
  wishes: Wish[];
  mode: GuestMode;
  plan: GuestPlan;
  /** Of all frontends that the VM is a member of: what is removed need not be planned. */
  vips: string[];
  rank: number[];
}

/** What a command must wait for: another's end, or a time. */
interface Wait {
  why: string;
  until?: number;
}

/** Starts the commands that may go; returns how many. */
export function schedule(draft: Draft, evaluation: Evaluation, topology: Topology, settings: LoopSettings): number {
  const candidates = [...Map.groupBy(wishes(draft, topology, settings), (wish) => idKey(wish.outcome.vmId))]
    .map(([key, group]) => candidate(draft, key, group, evaluation))
    .filter((item) => item !== undefined)
    .sort((a, b) => compareRanks(a.rank, b.rank) || (idKey(a.vmId) < idKey(b.vmId) ? -1 : 1));

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

function wishes(draft: Draft, topology: Topology, settings: LoopSettings): Wish[] {
  const runs = draft.runs.all().filter((run) => run.state === 'running' && !isUnconfirmed(run));
  return runs.flatMap((run) =>
    outcomesOf(draft, run.runId)
      .filter((outcome) => outcome.state === 'waiting' && (outcome.notBefore ?? 0) <= draft.now)
      .map((outcome) => ({ run, outcome, mode: effectiveMode(run, outcome.vmId, topology, settings, draft.now) })),
  );
}

/** Audit mode changes nothing, whoever asks; outside the window only a person may change a guest. */
function effectiveMode(run: RunRow, vmId: string, topology: Topology, settings: LoopSettings, now: number): GuestMode {
  const vm = topology.vms.find((item) => sameId(item.id, vmId));
  const audited = settings.enforcement === 'audit' || isAudited(vm?.tags ?? {}, settings.scope);
  if (audited) return 'check';
  return run.signal !== 'manual' && run.mode === 'apply' && !inWindow(settings, now) ? 'check' : run.mode;
}

/** What should be sent to one VM: the latest manual mode wins, other manual modes are superseded. */
function candidate(draft: Draft, key: IdKey, group: Wish[], evaluation: Evaluation): Candidate | undefined {
  const vm = draft.vms.get(key);
  const manual = group
    .filter((wish) => wish.run.signal === 'manual')
    .sort((a, b) => b.run.observedAt - a.run.observedAt);
  const lead = manual[0] ?? group.toSorted((a, b) => a.run.observedAt - b.run.observedAt)[0];
  if (!lead) return undefined;
  for (const wish of manual) if (wish.mode !== lead.mode) settle(draft, wish.run, wish.outcome, 'superseded');

  // Things may have changed since the run was planned: a hold set, a NIC removed, the VM stopped or opted out.
  const plan = evaluation.plans.get(key) ?? (lead.mode === 'remove' ? { frontends: [] } : undefined);
  const alive = group.filter((wish) => wish.outcome.state === 'waiting');
  const paths = evaluation.paths.filter((path) => idKey(path.vmId) === key);
  const stopped =
    paths.length > 0 && paths.every((path) => path.findings.some((item) => item.code === 'VM_NOT_RUNNING'));
  const sendable = alive.filter(({ run, outcome, mode }) => {
    const held = vm?.hold !== undefined && mode === 'apply' && !liftsHold(run, outcome.vmId);
    const count = plan?.frontends.length ?? 0;
    if (plan && paths.length > 0 && !stopped && !held && count <= MAX_FRONTENDS) return true;
    const tooMany = { count: String(count), most: String(MAX_FRONTENDS) };
    const why = held
      ? [finding('REMOVED_BY_HAND')]
      : count > MAX_FRONTENDS
        ? [finding('TOO_MANY_FRONTENDS', tooMany)]
        : [];
    settleFromEvaluation(draft, run, outcome, evaluation, why);
    return false;
  });
  const together = sendable.filter((wish) => wish.mode === lead.mode);
  if (!plan || together.length === 0) return undefined;
  const vips = [...new Set([...paths.map((path) => path.vip), ...plan.frontends.map((frontend) => frontend.vip)])];
  return {
    vmId: lead.outcome.vmId,
    wishes: together,
    mode: lead.mode,
    plan,
    vips,
    rank: rank(together, key, evaluation),
  };
}

/** People first; then a failover's new primary; then members that are primary for nothing; then the oldest run. */
function rank(group: readonly Wish[], key: IdKey, evaluation: Evaluation): number[] {
  const manual = group.some((wish) => wish.run.signal === 'manual') ? 0 : 1;
  const announced = group.some((wish) => wish.run.signal === 'failover' && idKey(announcedVm(wish.run) ?? '') === key)
    ? 0
    : 1;
  const primaryFor = evaluation.frontends.filter(
    (view) => view.primaryId !== undefined && idKey(view.primaryId) === key,
  ).length;
  return [manual, announced, primaryFor, Math.min(...group.map((wish) => wish.run.observedAt))];
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) {
    const difference = value - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
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
