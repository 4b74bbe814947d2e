/**
 * What guests and signals were must agree with what the runs say: the model that histories are held against.
 * Long: one small language for tests, read as a whole.
 */
import { commandIdOf } from '../../shared/model/commandId.ts';
import { sameId } from '../../shared/model/ids.ts';
import type { FrontendRow, OutcomeRow, RunRow } from '../../shared/model/rows.ts';
import { rowKey } from '../../shared/model/store.ts';
import { ownOutcomes } from '../../shared/reconcile/ownOutcomes.ts';
import { breaches } from '../reliability/invariants.ts';
import type { History } from './histories.ts';
import type { Execution, World } from './world.ts';

/** What is wrong with a history that came to rest, in words. */
export async function disagreements(history: History): Promise<string[]> {
  const { world, posted } = history;
  const all: string[] = [];
  for (const subscriptionId of world.subscriptionIds) {
    const here = [...posted.values()].filter((message) => message.subscriptionId === subscriptionId);
    const { store, overlaps, mostAtOnce, settings, executions, now, aheadMs } = world;
    const scene = { subscriptionId, store, overlaps, mostAtOnce, settings, executions, now, aheadMs };
    all.push(
      ...(await breaches(
        scene,
        here.map(({ runId }) => runId),
      )),
    );
  }
  const found = all.filter((what) => ![...world.strays].some((stray) => what.startsWith(stray)));
  for (const what of world.rewritten) found.push(`written after it had ended: ${what}`);
  const runs = await runsOf(history);
  for (const run of runs) {
    if (!posted.has(run.runId) && run.signal !== 'primaryMoved') found.push(`run ${run.runId} was asked for by nobody`);
    if (run.state === 'failed' && run.reason?.code !== 'DEAD_LETTER') found.push(`run ${run.runId} failed`);
    for (const outcome of await outcomesOf(history, run)) {
      const wrong = lie(history, outcome);
      if (wrong) found.push(`${run.signal} ${run.mode} ${run.runId.slice(0, 6)}: ${nameOf(outcome)} ${wrong}`);
    }
  }
  found.push(...touched(history), ...(await takenBack(history)));
  return found;
}

/** With healthy guests one command per run and VM is enough, and every apply ends well, but for what is forbidden. */
export async function unkept(history: History): Promise<string[]> {
  const found: string[] = [];
  const ran = new Set(history.world.executions.map((item) => item.commandId));
  for (const [name, numbers] of history.world.commandsFor) {
    const [runId = '', id = ''] = name.split(' ');
    const executed = [...numbers].filter((seq) => ran.has(commandIdOf(rowKey(id), seq)));
    // A loop killed while it plans, and a command that ends before the next one looks, cost a run a second, equal look.
    const isCutShort = history.world.happened.some((what) => /^(kill|stall)/.test(what));
    if (executed.length > 1 && !isCutShort)
      found.push(`run ${runId.slice(0, 6)} sent ${executed.length} commands to ${id}`);
  }
  const runs = await runsOf(history);
  for (const run of runs.filter((item) => item.mode === 'apply' && !item.dryRun && item.state === 'settled')) {
    for (const outcome of await outcomesOf(history, run)) {
      const wrong = excuse(history, runs, run, outcome) ? undefined : outcome.result;
      if (wrong !== undefined && !['compliant', 'repaired'].includes(wrong)) {
        const codes = [...outcome.findings, ...outcome.paths.flatMap((path) => path.findings)].map((item) => item.code);
        found.push(`${run.signal} ${run.runId.slice(0, 6)}: ${nameOf(outcome)} is ${wrong} (${codes.join(', ')})`);
      }
    }
  }
  return found;
}

/** Why an apply of a healthy guest need not end compliant. */
function excuse(
  { world, leaderless }: History,
  runs: readonly RunRow[],
  run: RunRow,
  { vmId: id, result, findings, paths }: OutcomeRow,
): boolean {
  const name = id.split('/').at(-1) ?? '';
  const mine = world.mirrors.filter((item) => item.members.includes(name));
  const removedByHand = runs.some((item) => item.mode === 'remove' && item.scope.some((of) => sameId(of.id, id)));
  const isOverruled = result === 'superseded' && run.signal === 'manual';
  const isFalse = run.confirmation?.state === 'refused' && result === 'blocked';
  const cannot = world.oneNic.has(name) && result === 'blocked';
  const nobody = leaderless.has(name) && result === 'unknown';
  // A sweep that meets a list of another subscription that fails says so at once.
  const isUnread = findings.some(({ code }) => code === 'SUBSCRIPTION_UNREAD');
  const isCancelled = result === 'cancelled' && run.cancel !== undefined;
  // A stopped apply halts its mirrors until it works.
  const codes = new Set([...findings, ...paths.flatMap((path) => path.findings)].map(({ code }) => code));
  const isStopped = result === 'blocked' && codes.has('ROLLOUT_HALTED') && runs.some((item) => item.cancel);
  // What a stopped command did is not known before the next look.
  const isUnsure = result === 'unknown' && codes.has('COMMAND_STOPPED');
  const isCutOff = result === 'unknown' && isUnread && world.happened.some((what) => /^fail \w+ topology/.test(what));
  return (
    isCancelled ||
    isStopped ||
    isUnsure ||
    isCutOff ||
    isOverruled ||
    isFalse ||
    cannot ||
    nobody ||
    mine.length === 0 ||
    removedByHand
  );
}

/**
 * Everything is mended and nothing happens any more: after some sweeps all guests that may be changed are right, and the
 * last one says just that. A VM that works clears its mirrors' halts for the next sweep, so a chain takes one per mirror.
 */
export async function recovery(history: History): Promise<string[]> {
  const { world } = history;
  for (const name of world.vms) if (world.guests.get(name) !== 'right') world.guests.set(name, 'wrong');
  for (const mirror of world.mirrors) mirror.primary ??= mirror.members[0];
  world.stopped.clear();
  world.agents.clear();
  world.sendFaults.clear();
  world.troubles.clear();
  world.commandMs = 20_000;
  const lastOf = new Map<string, string>();
  for (let i = 0; i < world.mirrors.length + 2; i += 1) {
    world.now += 25 * 3_600_000;
    for (const id of world.subscriptionIds) lastOf.set(id, world.sweep(id));
    await history.untilQuiet();
  }
  const stopped = await haltedForGood(history);
  const found: string[] = [];
  for (const [id, runId] of lastOf) {
    const run = await world.runRow(runId, id);
    if (run.state !== 'settled') found.push(`the last sweep of ${id} is ${run.state}`);
  }
  for (const name of world.vms) {
    const last = lastOf.get(world.homeOf(name)) ?? '';
    const isMember = world.mirrors.some((mirror) => mirror.members.includes(name));
    if (!isMember || history.optedOutAt.has(name)) continue;
    const outcome = await world.outcome(last, name);
    const isHeld = (await world.vmRow(name))?.hold !== undefined;
    const expected = isHeld || world.oneNic.has(name) || stopped.has(name) ? 'blocked' : 'compliant';
    const result = outcome?.result === 'repaired' ? 'compliant' : (outcome?.result ?? 'compliant');
    if (result !== expected) {
      const codes = [...(outcome?.findings ?? []), ...(outcome?.paths ?? []).flatMap((path) => path.findings)];
      const why = codes.map((item) => item.code).join(', ');
      found.push(`the last sweep says ${name} is ${outcome?.result} (${why}), not ${expected}`);
    }
    if (expected === 'compliant' && world.guests.get(name) !== 'right') found.push(`${name} was never repaired`);
  }
  return found;
}

/**
 * Members of a mirror that a VM has halted which no sweep may repair, be it that another mirror of it is halted by
 * another VM: a person must say how to go on.
 */
async function haltedForGood({ world, optedOutAt }: History): Promise<Set<string>> {
  const rows = await Promise.all(world.subscriptionIds.map((id) => world.store.frontends.list(id)));
  const halts = rows.flat().flatMap(({ row }) => {
    const { halted, vip } = row as FrontendRow;
    const members = world.mirrors.find((item) => item.vip === vip)?.members ?? [];
    return halted ? [{ by: halted.vmId.split('/').at(-1) ?? '', members }] : [];
  });
  const found = new Set<string>();
  for (const { by, members } of halts) {
    const isKept = optedOutAt.has(by) || (await world.vmRow(by))?.hold !== undefined;
    const isHalted = halts.some((other) => other.by !== by && other.members.includes(by));
    if (isKept || isHalted) for (const name of members) found.add(name);
  }
  return found;
}

const runsOf = async ({ world }: History): Promise<RunRow[]> =>
  (await Promise.all(world.subscriptionIds.map((id) => world.store.runs.list(id))))
    .flat()
    .map(({ row }) => row as RunRow);

const outcomesOf = async ({ world }: History, run: RunRow): Promise<OutcomeRow[]> =>
  (await ownOutcomes(world.store, run)).map(({ row }) => row as OutcomeRow);

const nameOf = (outcome: OutcomeRow): string => outcome.vmId.split('/').at(-1) ?? '';

/** An outcome that what happened in the guest does not bear out. */
function lie(history: History, outcome: OutcomeRow): string | undefined {
  const { result, seq, changed } = outcome;
  const name = nameOf(outcome);
  const isExcused = history.excused.has(name) || history.excused.has('*');
  if (result === 'failed' && !isExcused && !happenedToAzure(history)) return 'failed, and nothing had been done to it';
  if (seq === undefined || (result !== 'compliant' && result !== 'repaired' && result !== 'removed')) return undefined;
  // A later command may have ended too before the outcome was settled.
  const executions = history.world.executions.filter((item) => seqOf(history.world, item, seq) !== undefined);
  // A broken one answers too: its connects fail, and what is removed needs none.
  const good = executions.filter((item) => item.found === 'right' || item.found === 'wrong' || item.mode === 'remove');
  if (good.length === 0) return `is ${result}, but no command ${seq} ended well`;
  const isBorneOut = {
    compliant: good.some((item) => item.found === 'right' || item.mode === 'apply'),
    repaired: changed > 0 && good.some((item) => item.found === 'wrong' && item.mode === 'apply'),
    removed: good.some((item) => item.mode === 'remove' && item.found !== undefined && item.found !== 'silent'),
  }[result];
  return isBorneOut ? undefined : `is ${result}, but was ${good.map((item) => `${item.mode} ${item.found}`)}`;
}

/** The number of an execution's command, when it is this one or one of the next few. */
function seqOf(world: World, execution: Execution, from: number): number | undefined {
  const key = rowKey(world.vmId(execution.vm));
  return Array.from({ length: 5 }, (_, i) => from + i).find((seq) => commandIdOf(key, seq) === execution.commandId);
}

/** Azure's own calls fail, or a loop that stood still let a deadline pass. */
const happenedToAzure = ({ world }: History): boolean =>
  world.happened.some((what) => /^(fail|stall) \w+ (commands|agents|topology)/.test(what));

/** VMs that must be left alone and were not. */
function touched({ world, optedOutAt }: History): string[] {
  const found: string[] = [];
  for (const { vm, mode } of world.executions) {
    if (world.oneNic.has(vm) && mode !== 'remove') found.push(`${mode} on ${vm}, which has one NIC`);
  }
  for (const { at, step, fields } of world.log) {
    const outAt = optedOutAt.get(String(fields.vmId).split('/').at(-1) ?? '');
    if (step === 'intend' && outAt !== undefined && at > outAt) found.push(`${fields.vmId} is opted out`);
  }
  return found;
}

/** A removal is only taken back by a person who names the VM, and not by a retry, or who cancelled it. */
async function takenBack(history: History): Promise<string[]> {
  const { world, posted } = history;
  const lifts = (runId: string, name: string): boolean => {
    const run = posted.get(runId);
    const isApply = run?.signal === 'manual' && run.mode === 'apply' && !run.dryRun && run.retryOf === undefined;
    return isApply && run.scope.some((item) => sameId(item.id, world.vmId(name)));
  };
  const cancelled = new Set((await runsOf(history)).filter((run) => run.cancel).map((run) => run.runId));
  const intentsOf = ({ commandId }: Execution) =>
    world.log.filter(
      ({ step, fields }) =>
        step === 'intend' && commandIdOf(rowKey(String(fields.vmId)), Number(fields.seq)) === commandId,
    );
  const runsFor = (execution: Execution): string[] =>
    intentsOf(execution).flatMap(({ fields }) => fields.runId as string | string[]);
  const wasCancelled = (execution: Execution) => runsFor(execution).every((runId) => cancelled.has(runId));
  const found: string[] = [];
  for (const name of world.vms) {
    const mine = world.executions.filter((item) => item.vm === name);
    for (const [i, execution] of mine.entries()) {
      // The first apply after a removal says whether it was taken back: those that follow find nothing held.
      const removal = mine
        .slice(0, i)
        .findLast((item) => item.mode === 'apply' || (item.mode === 'remove' && !wasCancelled(item)));
      if (execution.mode !== 'apply' || removal?.mode !== 'remove') continue;
      const planned = world.log.filter(
        ({ step, at }) => step === 'planned' && at >= removal.startedAt && at <= execution.startedAt,
      );
      const by = [...runsFor(execution), ...planned.map(({ fields }) => String(fields.runId))];
      if (!by.some((runId) => lifts(runId, name))) found.push(`the removal of ${name} was taken back by nobody`);
    }
  }
  return found;
}
