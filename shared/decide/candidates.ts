/** What could be sent to each VM: who asks for it, in which mode, with which plan, and who goes first. Changes nothing. */

import { push } from '../evaluate/lists.ts';
import { planHash } from '../evaluate/planHash.ts';
import { type Finding, finding } from '../model/findings.ts';
import type { GuestMode, GuestPlan } from '../model/guest.ts';
import { MAX_FRONTENDS } from '../model/guest.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import { isUnconfirmed, type OutcomeRow, type RunRow } from '../model/rows.ts';
import { sharedOf } from './elsewhere.ts';
import { inWindow } from './limits.ts';
import { whyHeldBack } from './missingLists.ts';
import { isReportedOnly } from './outdated.ts';
import { type EstatePass, whyUnusable } from './pass.ts';
import { announcedVm, liftsHold } from './scope.ts';

/** A run that wants a command for a VM. */
export interface Wish {
  run: RunRow;
  outcome: OutcomeRow;
  mode: GuestMode;
}

/** One command that could be sent. */
export interface Candidate {
  key: IdKey;
  vmId: string;
  wishes: Wish[];
  mode: GuestMode;
  plan: GuestPlan;
  planHash: string;
  /** Of all frontends that the VM is a member of: what is removed need not be planned. */
  vips: string[];
  /** Those of them that loops of other subscriptions work on too, and subscriptions that may hold some, by id. */
  shared: string[];
  /** Compared number by number, the least first. */
  rank: number[];
}

/** What is to be done about everything that waits for a command. */
export interface Choices {
  /** The most urgent first. */
  candidates: Candidate[];
  /** A later manual mode takes their place. */
  superseded: Wish[];
  /** Nothing is sent for them, and why; with no reason given the estate says it. */
  refused: { wish: Wish; why: Finding[] }[];
  /** They need lists that are missing. */
  heldBack: { wish: Wish; why: Finding }[];
}

/** Looks at everything that waits for a command and may have it. */
export function chooseCommands(pass: EstatePass): Choices {
  const choices: Choices = { candidates: [], superseded: [], refused: [], heldBack: [] };
  const primaries = primaryCounts(pass);
  for (const [key, group] of wishesByVm(pass)) choose(pass, key, group, primaries.get(key) ?? 0, choices);
  choices.candidates.sort((a, b) => compareRanks(a.rank, b.rank) || (a.key < b.key ? -1 : 1));
  return choices;
}

function wishesByVm(pass: EstatePass): Map<IdKey, Wish[]> {
  const wishes = new Map<IdKey, Wish[]>();
  for (const { state, notBefore = 0, runId, vmId } of pass.outcomes.readAll()) {
    if (state !== 'waiting' || notBefore > pass.now) continue;
    const run = pass.runs.get(runId);
    if (run?.state !== 'running' || isUnconfirmed(run)) continue;
    const key = idKey(vmId);
    const outcome = pass.outcomes.get(runId, key);
    if (!outcome) continue;
    const wish = { run, outcome, mode: effectiveMode(pass, run, key) };
    push(wishes, key, wish);
  }
  return wishes;
}

/** Audit mode changes nothing, whoever asks; outside the window only a person may change a guest. */
function effectiveMode({ survey, settings, now }: EstatePass, run: RunRow, key: IdKey): GuestMode {
  if (isReportedOnly(settings, survey, key)) return 'check';
  return run.signal !== 'manual' && run.mode === 'apply' && !inWindow(settings, now) ? 'check' : run.mode;
}

/** What should be sent to one VM: the latest manual mode wins, other manual modes are superseded. */
function choose(pass: EstatePass, key: IdKey, group: readonly Wish[], primaryFor: number, choices: Choices): void {
  const manual = group
    .filter((wish) => wish.run.signal === 'manual')
    .sort((a, b) => b.run.observedAt - a.run.observedAt);
  const lead = manual[0] ?? group.toSorted((a, b) => a.run.observedAt - b.run.observedAt)[0];
  if (!lead) return;
  const superseded = manual.filter((wish) => wish.mode !== lead.mode);
  choices.superseded.push(...superseded);

  // Things may have changed since the run was planned: a hold set, a NIC removed, the VM stopped or opted out.
  const named = pass.evaluation.plans.get(key);
  const together: Wish[] = [];
  const heldBack = whyHeldBack(pass, key);
  for (const wish of group) {
    if (superseded.includes(wish)) continue;
    if (heldBack && wish.mode === 'apply') {
      choices.heldBack.push({ wish, why: heldBack });
      continue;
    }
    const why = whyNot(pass, key, wish, lead.mode, named?.plan);
    if (why) choices.refused.push({ wish, why });
    else if (wish.mode === lead.mode) together.push(wish);
  }
  if (together.length === 0) return;
  const plan = named?.plan ?? { frontends: [] };
  const paths = pass.evaluation.pathsOfVm.get(key) ?? [];
  choices.candidates.push({
    key,
    vmId: lead.outcome.vmId,
    wishes: together,
    mode: lead.mode,
    plan,
    planHash: named?.hash ?? planHash(plan),
    vips: [...new Set([...paths.map((path) => path.vip), ...plan.frontends.map((frontend) => frontend.vip)])],
    shared: sharedIds(pass, key, heldBack !== undefined),
    rank: rankOf(together, key, primaryFor),
  });
}

function sharedIds({ survey }: EstatePass, key: IdKey, isHeldBack: boolean): string[] {
  const shared = sharedOf(survey, key).map((item) => item.frontend.frontend.id);
  if (isHeldBack) for (const { subscriptionId } of survey.unread) shared.push(`/subscriptions/${subscriptionId}`);
  return shared;
}

/** Why nothing can be sent for a wish; undefined when it can. Without a reason of its own the estate says it. */
function whyNot(
  pass: EstatePass,
  key: IdKey,
  { run, outcome, mode }: Wish,
  leadMode: GuestMode,
  plan: GuestPlan | undefined,
): Finding[] | undefined {
  const unusable = whyUnusable(pass, key);
  if (unusable) return [unusable];
  const held = pass.vms.read(key)?.hold !== undefined && mode === 'apply' && !liftsHold(run, outcome.vmId);
  if (held) return [finding('REMOVED_BY_HAND')];
  const count = plan?.frontends.length ?? 0;
  if (count > MAX_FRONTENDS) {
    return [finding('TOO_MANY_FRONTENDS', { count: String(count), most: String(MAX_FRONTENDS) })];
  }
  const paths = pass.evaluation.pathsOfVm.get(key) ?? [];
  const stopped = paths.every((path) => path.findings.some((item) => item.code === 'VM_NOT_RUNNING'));
  // Removal needs no plan.
  const isPossible = paths.length > 0 && !stopped && (plan !== undefined || leadMode === 'remove');
  return isPossible ? undefined : [];
}

function primaryCounts({ evaluation }: EstatePass): Map<IdKey, number> {
  const counts = new Map<IdKey, number>();
  for (const { primaryKey } of evaluation.frontends) {
    if (primaryKey !== undefined) counts.set(primaryKey, (counts.get(primaryKey) ?? 0) + 1);
  }
  return counts;
}

/** People first; then a failover's new primary; then members that are primary for nothing; then the oldest run. */
function rankOf(group: readonly Wish[], key: IdKey, primaryFor: number): number[] {
  const isManual = group.some((wish) => wish.run.signal === 'manual');
  const isAnnounced = group.some(({ run }) => run.signal === 'failover' && idKey(announcedVm(run) ?? '') === key);
  const oldest = Math.min(...group.map((wish) => wish.run.observedAt));
  return [isManual ? 0 : 1, isAnnounced ? 0 : 1, primaryFor, oldest];
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
