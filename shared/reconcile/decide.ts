/**
 * The heart of the loop, a pure function: everything observed and the clock in; new rows, effects, outcomes,
 * settled runs and when to look again out. Limits, order and exclusion are plain data here, because one loop at a
 * time decides for a subscription.
 */
import { evaluate } from '../evaluate/evaluate.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { Evaluation, VmKnowledge } from '../model/path.ts';
import { isOpen, type OutcomeRow, type RunRow, type VmRow } from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { Topology } from '../model/topology.ts';
import { absorb } from './absorb.ts';
import { giveUp, isOverdue, withoutEstate } from './budgets.ts';
import { confirm, isUnconfirmed } from './confirm.ts';
import {
  type Draft,
  type Effect,
  type LogLine,
  type Observed,
  outcomesOf,
  type RowWrite,
  startDraft,
} from './draft.ts';
import { bareEvaluation } from './estate.ts';
import { healthOf, keepFrontends, takeHealth, tellMove } from './health.ts';
import { countOutcomes, settleFromCommand, take } from './outcomes.ts';
import { planRun } from './planRun.ts';
import { schedule } from './schedule.ts';
import { AGENT_BUDGET_MS, AGENT_PAUSE_MS } from './settings.ts';

export interface Decision {
  /** In the order in which they must be written. */
  writes: RowWrite[];
  /** Done side by side after all writes. */
  effects: Effect[];
  log: LogLine[];
  /** Seconds until the next look; 0 at once; undefined when nothing is open. */
  again: number | undefined;
}

/** Decides one pass. */
export function decide(observed: Observed, settings: LoopSettings): Decision {
  const draft = startDraft(observed);
  if (observed.topology) keepFrontends(draft, bareEvaluation(observed.topology, settings).frontends);
  const moves = takeHealth(draft);
  adopt(draft);
  absorb(draft, settings);
  let started = 0;
  if (observed.topology) {
    started = withEstate(draft, observed.topology, settings);
  } else {
    if (observed.topologyError) withoutEstate(draft, observed.topologyError);
    giveUp(draft);
  }
  // A run found in this pass is planned by the next: `running` in the table means that its outcomes are there too.
  for (const move of moves) tellMove(draft, move);
  for (const run of draft.runs.all()) closeRun(draft, run);
  return { writes: writesOf(draft), effects: draft.effects, log: draft.log, again: nextLook(draft, started, settings) };
}

function withEstate(draft: Draft, topology: Topology, settings: LoopSettings): number {
  const evaluation = evaluate({
    topology,
    health: healthOf(draft.frontends.all()),
    knowledge: knowledgeOf(draft.vms.all()),
    scope: settings.scope,
    now: draft.now,
  });
  let planned = 0;
  for (const run of draft.runs.all()) {
    if (run.reason) {
      delete run.reason;
      draft.runs.touch(run);
    }
    confirm(draft, run, evaluation);
    if (run.state === 'accepted') {
      planRun(draft, run, evaluation, topology, settings);
      planned += 1;
    }
  }
  // Told with the runs that begin by it: the same notes every few seconds help nobody.
  const notes = planned > 0 ? topology.notes : [];
  for (const note of notes) draft.log.push({ level: 'warn', step: 'topology-note', fields: { ...note } });
  settleEnded(draft, evaluation);
  giveUp(draft);
  return schedule(draft, evaluation, topology, settings);
}

/** What the loop knows of each VM, as evaluate takes it. */
function knowledgeOf(vms: readonly VmRow[]): Map<IdKey, VmKnowledge> {
  return new Map(
    vms.map((vm) => [
      idKey(vm.vmId),
      { proofs: vm.proofs, held: vm.hold !== undefined, findings: vm.findings, ...(vm.look ? { look: vm.look } : {}) },
    ]),
  );
}

/** A loop killed after a VM's row held its command and before the outcomes said so: they are given it, not another one. */
function adopt(draft: Draft): void {
  for (const outcome of draft.outcomes.all()) {
    const command = draft.vms.get(idKey(outcome.vmId))?.command;
    const run = draft.runs.get(outcome.runId);
    if (outcome.state === 'waiting' && run && command?.runIds.includes(run.runId)) take(draft, outcome, command.seq);
  }
}

/** Outcomes whose command has ended, and what that means for their frontends. */
function settleEnded(draft: Draft, evaluation: Evaluation): void {
  for (const outcome of draft.outcomes.all()) {
    if (outcome.state !== 'commanded') continue;
    const run = draft.runs.get(outcome.runId);
    const vm = draft.vms.get(idKey(outcome.vmId));
    if (!run || !isOpen(run) || vm?.command?.seq === outcome.seq) continue;
    if (!vm?.last || vm.last.seq < (outcome.seq ?? 0)) {
      // The command's row was never written: the outcome takes its turn again.
      outcome.state = 'waiting';
      if (outcome.commands) outcome.commands -= 1;
      draft.outcomes.touch(outcome);
      continue;
    }
    if (waitsForAgent(draft, run, outcome, vm) || waitsForAzure(draft, run, outcome, vm)) continue;
    settleFromCommand(draft, run, outcome, vm, evaluation);
    haltOrClear(draft, run, outcome, vm);
  }
}

/** A VM that just started needs a while until its agent answers: a run that its change caused waits for that. */
function waitsForAgent(draft: Draft, run: RunRow, outcome: OutcomeRow, vm: VmRow): boolean {
  const isLate = draft.now - run.observedAt >= AGENT_BUDGET_MS;
  if (vm.last?.failure?.code !== 'AGENT_NOT_READY' || run.signal !== 'resourceChange' || isLate) return false;
  outcome.state = 'waiting';
  outcome.waitingFor = 'AGENT_NOT_READY';
  outcome.notBefore = draft.now + AGENT_PAUSE_MS;
  draft.outcomes.touch(outcome);
  return true;
}

/** Somebody else's command on the VM, or throttling, is waited for as long as the run may take. */
function waitsForAzure(draft: Draft, run: RunRow, outcome: OutcomeRow, vm: VmRow): boolean {
  if (vm.last?.retryAt === undefined || isOverdue(run, draft.now)) return false;
  outcome.state = 'waiting';
  outcome.waitingFor = vm.last.failure?.params.code ?? 'AZURE_CONFLICT';
  outcome.notBefore = vm.last.retryAt;
  draft.outcomes.touch(outcome);
  return true;
}

/** A failed apply halts its frontends for the other members; a working one clears them. */
function haltOrClear(draft: Draft, run: RunRow, outcome: OutcomeRow, vm: VmRow): void {
  if (vm.last?.mode !== 'apply') return;
  for (const path of outcome.paths) {
    const row = draft.frontends.get(idKey(path.frontendId));
    if (!row) continue;
    const broken = path.findings.some((item) =>
      ['CONNECT_FAILED', 'GUEST_FAILED', 'COMMAND_FAILED'].includes(item.code),
    );
    if (broken && !row.halted) {
      row.halted = { vmId: vm.vmId, runId: run.runId, at: draft.now };
      draft.frontends.touch(row);
      draft.log.push({
        level: 'warn',
        step: 'halted',
        fields: { runId: run.runId, vmId: vm.vmId, frontendId: row.frontendId },
      });
    } else if (path.verdict === 'compliant' && row.halted) {
      delete row.halted;
      draft.frontends.touch(row);
    }
  }
}

/** A run whose outcomes are all settled is settled. */
function closeRun(draft: Draft, run: RunRow): void {
  if (run.state !== 'running') return;
  const outcomes = outcomesOf(draft, run.runId);
  if (outcomes.some((outcome) => outcome.state !== 'settled')) return;
  run.state = 'settled';
  run.settledAt = draft.now;
  run.counts = countOutcomes(run.fresh, outcomes);
  draft.runs.touch(run);
  draft.log.push({
    level: 'info',
    step: 'run-settled',
    fields: { runId: run.runId, signal: run.signal, afterMs: draft.now - run.observedAt, ...run.counts },
  });
}

/**
 * New runs first (their signal must not be lost), then what later rows rest on: an outcome says `commanded` only
 * after its VM's row holds the command, a run ends only after its outcomes did.
 */
function writesOf(draft: Draft): RowWrite[] {
  const runs: RowWrite[] = draft.runs.changes().map((change) => ({ table: 'runs', ...change }));
  return [
    ...runs.filter((write) => write.etag === undefined),
    ...draft.frontends.changes().map((change): RowWrite => ({ table: 'frontends', ...change })),
    ...draft.vms.changes().map((change): RowWrite => ({ table: 'vms', ...change })),
    ...draft.outcomes.changes().map((change): RowWrite => ({ table: 'outcomes', ...change })),
    ...runs.filter((write) => write.etag !== undefined),
  ];
}

function nextLook(draft: Draft, started: number, settings: LoopSettings): number | undefined {
  const fresh = draft.runs.all().some((run) => run.state === 'accepted' && !draft.observed.topologyError);
  // An intended command is read and sent by the very next pass.
  if (started > 0 || fresh) return 0;
  const inFlight = draft.vms.all().some((vm) => vm.command);
  const open = draft.runs.all().filter(isOpen);
  if (open.length === 0 && !inFlight) return undefined;
  const waiting = draft.outcomes.all().filter((outcome) => outcome.state !== 'settled');
  const isPatient = !inFlight && open.every((run) => run.state === 'running' && !isUnconfirmed(run));
  if (!isPatient || waiting.length === 0) return settings.bellSeconds;
  const earliest = Math.min(...waiting.map((outcome) => outcome.notBefore ?? draft.now));
  return Math.max(settings.bellSeconds, Math.ceil((earliest - draft.now) / 1000));
}

/**
 * True when a pass needs the estate: a run to plan, a VM that may be next, or a command that ended. While all that
 * is open waits for commands that still run, nothing of it is read.
 */
export function needsTopology(observed: Pick<Observed, 'runs' | 'outcomes' | 'looks' | 'vms' | 'now'>): boolean {
  if (observed.runs.some(({ row }) => row.state === 'accepted' || row.confirmation?.state === 'pending')) return true;
  const commands = new Map(observed.vms.map(({ row }) => [idKey(row.vmId), row.command]));
  const stillRunning = (vmId: string): boolean => {
    const look = observed.looks.get(idKey(vmId));
    return look?.kind === 'seen' && ['Pending', 'Running'].includes(look.view?.state ?? '');
  };
  const anyEnded = [...commands].some(([vm, command]) => command && !stillRunning(vm));
  const anyRunning = [...commands].some(([vm, command]) => command && stillRunning(vm));
  return observed.outcomes.some(({ row }) => {
    if (row.state === 'waiting' && (row.notBefore ?? 0) > observed.now) return false;
    // Most of what is waited for is another command's end, the rest is a time that has come.
    const mayGo = row.waitingFor === undefined || row.notBefore !== undefined;
    if (row.state === 'waiting') return anyEnded || !anyRunning || mayGo;
    return row.state === 'commanded' && (commands.get(idKey(row.vmId))?.seq !== row.seq || !stillRunning(row.vmId));
  });
}
