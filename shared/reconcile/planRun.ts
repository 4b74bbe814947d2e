/** From an accepted run to its outcomes: who is looked at, who is settled without, who needs no word. Pure. */
import { planHash } from '../evaluate/planHash.ts';
import { finding } from '../model/findings.ts';
import { idKey, sameId } from '../model/ids.ts';
import type { Evaluation, Path } from '../model/path.ts';
import type { RunRow } from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { Topology } from '../model/topology.ts';
import { type Draft, outcomeKey } from './draft.ts';
import { settle, settleFromEvaluation, waitingOutcome } from './outcomes.ts';
import { guestLimits } from './settings.ts';
import { byVm, liftsHold, lookDue, pathsInScope } from './targets.ts';

/** Gives an accepted run its outcomes and starts it. Doing it twice changes nothing. */
export function planRun(
  draft: Draft,
  run: RunRow,
  evaluation: Evaluation,
  topology: Topology,
  settings: LoopSettings,
): void {
  const groups = byVm(pathsInScope(run, evaluation, topology));
  if (run.signal === 'resourceChange') addChangedPlans(draft, groups, evaluation);
  run.fresh = 0;
  for (const paths of groups.values()) planVm(draft, run, paths, evaluation, topology, settings);
  for (const vmId of namedWithoutPath(run, evaluation, groups)) {
    if (draft.outcomes.get(outcomeKey(run.runId, vmId))) continue; // planned before, by a loop that was killed
    const outcome = draft.outcomes.add(waitingOutcome(run, vmId));
    const there = topology.vms.some((vm) => sameId(vm.id, vmId));
    settleFromEvaluation(draft, run, outcome, evaluation, there ? [] : [finding('VM_NOT_FOUND', { id: vmId })]);
    if (outcome.result === 'blocked') outcome.result = 'unknown';
  }
  run.state = 'running';
  run.startedAt = draft.now;
  draft.runs.touch(run);
  draft.log.push({
    level: 'info',
    step: 'planned',
    fields: { runId: run.runId, signal: run.signal, vms: groups.size, fresh: run.fresh },
  });
}

function planVm(
  draft: Draft,
  run: RunRow,
  paths: Path[],
  evaluation: Evaluation,
  topology: Topology,
  settings: LoopSettings,
): void {
  const vmId = paths[0]?.vmId;
  if (vmId === undefined || draft.outcomes.get(outcomeKey(run.runId, vmId))) return;
  const vm = draft.vms.get(idKey(vmId));
  const plan = evaluation.plans.get(idKey(vmId));
  if (vm?.hold && liftsHold(run, vmId) && !run.dryRun) {
    delete vm.hold;
    draft.vms.touch(vm);
  }
  const held = vm?.hold !== undefined && run.mode === 'apply';
  const running = !paths.every((path) => path.findings.some((item) => item.code === 'VM_NOT_RUNNING'));
  // Removal needs no plan: the guest knows what is ours.
  const actionable = running && !held && (plan !== undefined || run.mode === 'remove');
  const byNeed = run.signal === 'sweep' || (run.signal === 'resourceChange' && !namesVmOrNic(run));
  const due = !byNeed || (plan !== undefined && lookDue(vm, planHash(plan), draft.now, settings));

  const compliant = paths.every((path) => path.verdict === 'compliant');
  if (!due && compliant) {
    run.fresh += 1;
    return;
  }
  const outcome = draft.outcomes.add(waitingOutcome(run, vmId));
  const os = topology.vms.find((item) => sameId(item.id, vmId))?.os;
  if (run.dryRun && actionable && os !== undefined && os !== 'unknown') {
    outcome.planned = { os, plan: plan ?? { frontends: [] }, limits: guestLimits(settings) };
    return settle(draft, run, outcome, 'planned');
  }
  if (vm?.look && plan === undefined) {
    // Told once: what was seen of a plan that is gone says nothing of the next one.
    delete vm.look;
    vm.proofs = {};
    draft.vms.touch(vm);
  }
  if (!actionable || !due) {
    settleFromEvaluation(draft, run, outcome, evaluation, held ? [finding('REMOVED_BY_HAND')] : []);
  }
}

const namesVmOrNic = (run: RunRow): boolean => run.scope.some((item) => item.kind === 'vm' || item.kind === 'nic');

/** VMs whose plan is not the one that was last looked at, or that lost it: a NIC that is gone names no VM any more. */
function addChangedPlans(draft: Draft, groups: Map<string, Path[]>, evaluation: Evaluation): void {
  for (const [key, paths] of byVm(evaluation.paths)) {
    const look = draft.vms.get(key)?.look;
    const plan = evaluation.plans.get(key);
    if (look && !groups.has(key) && (!plan || planHash(plan) !== look.planHash)) groups.set(key, paths);
  }
}

/** VMs that a person or a mirror names and that are on no path: deleted, opted out, out of scope, or no member of anything. */
function namedWithoutPath(run: RunRow, evaluation: Evaluation, groups: ReadonlyMap<string, Path[]>): string[] {
  // Most VMs of a subscription are none of ours: that one of them changed is no word worth.
  if (run.signal === 'resourceChange') return [];
  const members = new Set(evaluation.paths.map((path) => idKey(path.vmId)));
  return run.scope
    .filter((item) => item.kind === 'vm' && !groups.has(idKey(item.id)) && !members.has(idKey(item.id)))
    .map((item) => item.id);
}
