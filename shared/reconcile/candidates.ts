/** What could be sent to each VM: who asks for it, in which mode, with which plan, and who goes first. Pure. */
import { isAudited } from '../evaluate/touchable.ts';
import { MAX_FRONTENDS } from '../guest/plan.ts';
import { finding } from '../model/findings.ts';
import type { GuestMode, GuestPlan } from '../model/guest.ts';
import { type IdKey, idKey, sameId } from '../model/ids.ts';
import type { Evaluation } from '../model/path.ts';
import type { OutcomeRow, RunRow } from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { Topology } from '../model/topology.ts';
import { isUnconfirmed } from './confirm.ts';
import { type Draft, outcomesOf } from './draft.ts';
import { settle, settleFromEvaluation } from './outcomes.ts';
import { inWindow } from './settings.ts';
import { announcedVm, liftsHold } from './targets.ts';

interface Wish {
  run: RunRow;
  outcome: OutcomeRow;
  mode: GuestMode;
}

/** One command that could be sent. */
export interface Candidate {
  vmId: string;
  wishes: Wish[];
  mode: GuestMode;
  plan: GuestPlan;
  /** Of all frontends that the VM is a member of: what is removed need not be planned. */
  vips: string[];
  /** Compared number by number, the least first. */
  rank: number[];
}

/** The commands that could be sent now, the most urgent first. Settles outcomes that nothing will be sent for. */
export function candidatesOf(
  draft: Draft,
  evaluation: Evaluation,
  topology: Topology,
  settings: LoopSettings,
): Candidate[] {
  return [...Map.groupBy(wishes(draft, topology, settings), (wish) => idKey(wish.outcome.vmId))]
    .map(([key, group]) => candidate(draft, key, group, evaluation))
    .filter((item) => item !== undefined)
    .sort((a, b) => compareRanks(a.rank, b.rank) || (idKey(a.vmId) < idKey(b.vmId) ? -1 : 1));
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
