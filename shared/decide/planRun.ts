/** From an accepted run to its outcomes: who is looked at, who is settled without, who needs no word. Pure. */
import { type FindingCode, finding } from '../model/findings.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { Path } from '../model/path.ts';
import { acceptedRun, type OutcomeRow, type RunRow } from '../model/rows.ts';
import { subscriptionOf } from '../model/scope.ts';
import { rowKey } from '../model/store.ts';
import { standingRefusal } from './endings.ts';
import { isUnasked } from './failover.ts';
import { guestLimits, guestNetworks } from './limits.ts';
import { lookNeed, spreadLooks } from './looks.ts';
import { waitsForLists, whyHeldBack } from './missingLists.ts';
import { keptFindings, settle, settleFromEstate, waitingOutcome } from './outcomes.ts';
import { type EstatePass, tell, whyUnusable } from './pass.ts';
import { covered, liftsHold } from './scope.ts';

/** Plans the runs of this pass's intake. */
export function planRuns(pass: EstatePass): void {
  let changed: IdKey[] | undefined;
  for (const runId of pass.seen.intake.planned) {
    const run = pass.runs.get(runId);
    if (run?.state !== 'accepted') continue;
    if (run.signal === 'resourceChange') changed ??= changedPlans(pass);
    planRun(pass, run, changed ?? []);
  }
}

/** Gives an accepted run its outcomes and starts it. Doing it twice changes nothing. */
function planRun(pass: EstatePass, run: RunRow, changed: readonly IdKey[]): void {
  const { evaluation, survey } = pass;
  const places = { all: evaluation.paths, ofVm: evaluation.pathsOfVm, ofFrontend: evaluation.pathsOfFrontend };
  const all = new Map<IdKey, readonly Path[]>(Map.groupBy(covered(run, places, survey), (path) => path.vmKey));
  const groups = new Map([...all].filter(([key]) => survey.isOwn(key)));
  handOn(pass, run, all.keys());
  if (run.signal === 'resourceChange') {
    for (const key of changed) if (!groups.has(key)) groups.set(key, evaluation.pathsOfVm.get(key) ?? []);
  }
  run.fresh = 0;
  const turns = [...groups].flatMap(([key, paths]) => planPaths(pass, run, key, paths) ?? []);
  spreadLooks(pass, turns);
  for (const vmId of [...namedWithoutPath(pass, run, groups), ...behindAbsent(pass, run, groups)]) {
    planNamed(pass, run, vmId);
  }
  run.state = 'running';
  run.startedAt = pass.now;
  if (mayGather(pass, run, groups.size === all.size)) run.gathers = true;
  const { runId, signal, fresh, askedBy } = run;
  tell(pass, 'planned', { runId, signal, vms: groups.size, fresh, ...defined({ askedBy }) });
}

/**
 * True where a notice that comes now can still be part of a run: nothing was asked, sent or said for it yet, here or by
 * the loop of another subscription.
 */
const mayGather = (pass: EstatePass, run: RunRow, isOwnAlone: boolean): boolean =>
  isOwnAlone && isUnasked(pass, run) && pass.outcomes.readOfRun(run.runId).every(({ state }) => state === 'waiting');

/**
 * VMs of other subscriptions are their loops' matter: each is given the same run, before this one is told to be planned.
 * A sweep is of one subscription, and the others have their own.
 */
function handOn({ survey, settings, handed, seen }: EstatePass, run: RunRow, covered: Iterable<IdKey>): void {
  if (run.handedBy !== undefined || run.signal === 'sweep') return;
  const others = new Set([...covered].filter((key) => !survey.isOwn(key)).map(subscriptionOf));
  const { runId, signal, scope, mode, dryRun, observedAt, event, retryOf, askedBy } = run;
  for (const subscriptionId of others) {
    if (!settings.scope.subscriptionIds.includes(subscriptionId)) continue;
    const given = { subscriptionId, runId, signal, scope, mode, dryRun, observedAt };
    handed.push({
      ...acceptedRun({ ...given, ...defined({ event, retryOf, askedBy }) }),
      handedBy: seen.subscriptionId,
    });
  }
}

/** True for a VM with an outcome already: planned by a loop that was killed, and perhaps unreadable by now. */
function isPlanned({ outcomes, seen }: EstatePass, { runId }: RunRow, key: IdKey): boolean {
  return outcomes.get(runId, key) !== undefined || (seen.unreadableOutcomes.get(runId)?.has(rowKey(key)) ?? false);
}

/**
 * What a run does about one VM: an outcome, or no word for one that needs no look. Returned where the look is nothing but
 * the VM's turn in a sweep: it need not be now.
 */
function planPaths(pass: EstatePass, run: RunRow, key: IdKey, paths: readonly Path[]): OutcomeRow | undefined {
  const vmId = paths[0]?.vmId;
  if (vmId === undefined || isPlanned(pass, run, key)) return undefined;
  if (pass.vms.read(key)?.hold && liftsHold(run, vmId) && !run.dryRun) delete pass.vms.get(key)?.hold;
  const vm = pass.vms.read(key);
  const named = pass.evaluation.plans.get(key);
  const held = vm?.hold !== undefined && run.mode === 'apply';
  const running = !paths.every((path) => path.findings.some((item) => item.code === 'VM_NOT_RUNNING'));
  // Removal needs no plan: the guest knows what is ours.
  const actionable = running && !held && (named !== undefined || run.mode === 'remove');
  const byNeed = run.signal === 'sweep' || (run.signal === 'resourceChange' && !namesVmOrNic(run));
  const refusal = run.signal === 'sweep' ? standingRefusal(vm, pass.now) : undefined;
  const need = named && byNeed ? lookNeed(vm, named, pass.now, pass.settings) : 'none';
  const isTurn = need === 'turn' && run.signal === 'sweep';
  const due = !byNeed || need === 'now' || isTurn;

  const isCut = (pass.evaluation.listedOf.get(key) ?? []).some((item) => ABSENT.has(item.finding.code));
  const isRight = paths.every((path) => path.verdict === 'compliant');
  if (!due && !isCut && isRight && keptFindings(pass, vmId).length === 0) {
    run.fresh += 1;
    return undefined;
  }
  const outcome = pass.outcomes.add(waitingOutcome(run, vmId));
  const os = pass.survey.vms.get(key)?.os;
  if (run.dryRun && actionable && os !== undefined && os !== 'unknown') {
    const plan = named?.plan ?? { frontends: [] };
    outcome.planned = { os, plan, ...guestNetworks(pass.settings), limits: guestLimits(pass.settings) };
    settle(pass, outcome, 'planned');
    return undefined;
  }
  // Told once: what was seen of a plan that is gone says nothing of the next one.
  if (vm?.look && named === undefined && pass.survey.unread.length === 0) forgetLook(pass, key);
  const unusable = whyUnusable(pass, key);
  if (unusable) settleFromEstate(pass, outcome, [unusable]);
  else if (!actionable || !due) settleFromEstate(pass, outcome, held ? [finding('REMOVED_BY_HAND')] : []);
  else if (refusal) settleFromEstate(pass, outcome, [refusal]);
  else if (isTurn) return outcome;
  return undefined;
}

function forgetLook({ vms }: EstatePass, key: IdKey): void {
  const vm = vms.get(key);
  if (!vm) return;
  delete vm.look;
  vm.proofs = {};
}

/** A VM that the run names and that is on no path. */
function planNamed(pass: EstatePass, run: RunRow, vmId: string): void {
  const key = idKey(vmId);
  if (isPlanned(pass, run, key)) return;
  const outcome = pass.outcomes.add(waitingOutcome(run, vmId));
  // What it is behind may be in lists that are missing now.
  const isHeldBack = whyHeldBack(pass, key) !== undefined && run.mode === 'apply' && !run.dryRun;
  if (isHeldBack && waitsForLists(pass, run)) return;
  const why = pass.survey.vms.has(key) ? [] : [finding('VM_NOT_FOUND', { id: vmId })];
  settleFromEstate(pass, outcome, why, 'unknown');
}

const namesVmOrNic = (run: RunRow): boolean => run.scope.some((item) => item.kind === 'vm' || item.kind === 'nic');

/** VMs whose plan is not the one that was last looked at, or that lost it: a NIC that is gone names no VM any more. */
function changedPlans(pass: EstatePass): IdKey[] {
  const { evaluation, vms } = pass;
  const changed: IdKey[] = [];
  for (const { vmId, look } of vms.readAll()) {
    const key = idKey(vmId);
    if (whyHeldBack(pass, key)) continue;
    if (look && evaluation.pathsOfVm.has(key) && evaluation.plans.get(key)?.hash !== look.planHash) changed.push(key);
  }
  return changed;
}

/** VMs that a person or a mirror names and that are on no path: deleted, opted out, out of scope, or no member of anything. */
function namedWithoutPath(
  { evaluation, survey }: EstatePass,
  run: RunRow,
  groups: ReadonlyMap<IdKey, readonly Path[]>,
): string[] {
  // Most VMs of a subscription are none of ours: that one of them changed is no word worth.
  if (run.signal === 'resourceChange') return [];
  return run.scope
    .filter(({ kind, id }) => kind === 'vm' && survey.isOwn(idKey(id)))
    .filter(({ id }) => !groups.has(idKey(id)) && !evaluation.pathsOfVm.has(idKey(id)))
    .map((item) => item.id);
}

const ABSENT = new Set<FindingCode>(['SUBSCRIPTION_NOT_CONFIGURED', 'SUBSCRIPTION_UNREAD']);

/** VMs behind something in a subscription that is not configured, or not read, and on no path: a sweep says so. */
function behindAbsent(
  { survey, evaluation }: EstatePass,
  run: RunRow,
  groups: ReadonlyMap<IdKey, readonly Path[]>,
): string[] {
  if (run.signal !== 'sweep') return [];
  const ids = survey.listed.filter(({ finding: { code } }) => ABSENT.has(code)).map(({ id }) => id);
  return [...new Set(ids)].filter((id) => {
    const key = idKey(id);
    return survey.vms.has(key) && !groups.has(key) && !evaluation.pathsOfVm.has(key);
  });
}
