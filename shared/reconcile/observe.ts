/**
 * Step 3: reads only. What is open and what is in flight always; the estate, with all rows about it, where a pass needs
 * it; rule health that is due.
 * Long: one reading, in the order of its parts.
 */

import { newFrontendRow } from '../decide/frontends.ts';
import { intakeOf, MOST_ARRIVED } from '../decide/intake.ts';
import {
  healthDue,
  needsEstate,
  needsFrontends,
  nextQuestion,
  nextWatch,
  questionsDue,
  roomForOthers,
} from '../decide/needs.ts';
import { questionsOf } from '../decide/otherRules.ts';
import type { Look, Observed } from '../decide/pass.ts';
import { frontendsOfRuns } from '../decide/scope.ts';
import { asAzureError, type StateError } from '../errors.ts';
import { survey } from '../evaluate/survey.ts';
import { CALLS, inBatches, READS } from '../model/batches.ts';
import { type Finding, finding } from '../model/findings.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { LeaseRow, UnreadLists } from '../model/lease.ts';
import { defined } from '../model/optional.ts';
import type { AgentReader, Clock, GuestCommands, RuleHealthReader, TopologyReader } from '../model/ports.ts';
import type { FrontendRow, OutcomeRow, RunRow, VmRow } from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';
import { type ListOptions, rowKey, type Store, type UnreadableRow, type Versioned } from '../model/store.ts';
import { askHealth } from './askHealth.ts';
import { readElsewhere, readFrontends } from './elsewhere.ts';
import { type Lists, readLists } from './lists.ts';
import { readNews } from './news.ts';
import { ownOutcomes } from './ownOutcomes.ts';

/** What the loop reads through. */
export interface Readers {
  store: Store;
  topology: TopologyReader;
  health: RuleHealthReader;
  commands: GuestCommands;
  agents: AgentReader;
  clock: Clock;
}

/** What the lease remembers of earlier passes. */
export type Remembered = Pick<LeaseRow, 'healthAsks' | 'watchAt' | 'askingAt' | 'begun' | 'refusing' | 'unread'>;

/** What was read, and when a mirror is to be watched next, where the frontends were read. */
export interface Observation {
  seen: Observed;
  watchAt?: number;
  /** Other subscriptions whose lists could not be read, where the estate was. */
  unread?: UnreadLists[];
  /** When an unanswered question about health is gone on with, where the frontends were read; undefined where there is none. */
  askingAt?: number;
  /** How many questions about health were put. */
  asks: number;
  /** Rows that cannot be read, in the words of the store. */
  unreadable: UnreadableRow[];
}

/**
 * Reads everything that one pass needs. A failed read of Azure is data; a store that fails throws. `unusable` are rows
 * that an earlier pass could not write, by row key.
 */
export async function observe(
  readers: Readers,
  subscriptionId: string,
  remembered: Remembered,
  unusable: ReadonlyMap<string, Finding>,
  settings: LoopSettings,
): Promise<Observation> {
  const { store, clock } = readers;
  const unreadable: UnreadableRow[] = [];
  const told: ListOptions = { unreadable: (row) => unreadable.push(row) };
  const broken = new Map(unusable);
  const noted: ListOptions = {
    unreadable: (row) => {
      unreadable.push(row);
      broken.set(row.key, rowUnusable(row.where, row.error));
    },
  };

  const [urgent, arrived, commanded] = await Promise.all([
    store.runs.list(subscriptionId, 'urgent', told),
    store.runs.list(subscriptionId, 'arrived', { ...told, limit: MOST_ARRIVED }),
    store.vms.list(subscriptionId, 'commanded', noted),
  ]);
  // Between the two queries a run may have been read twice.
  const runs = [...new Map([...arrived, ...urgent].map((run) => [run.row.runId, run])).values()];
  const intake = intakeOf(
    runs.map(({ row }) => row),
    remembered.begun,
  );
  const seen: Observed = {
    subscriptionId,
    now: clock.now(),
    runs,
    intake,
    ...(await readOutcomes(store, runs, intake.planned, unreadable)),
    vms: commanded.filter(({ row }) => row.command),
    frontends: [],
    looks: new Map(),
    health: new Map(),
    unusable: broken,
  };
  seen.looks = await lookAtCommands(
    readers,
    seen.vms.map(({ row }) => row),
  );
  seen.now = clock.now();
  const unread = await readEstate(readers, seen, remembered, { noted, told }, settings);
  // Before the frontends: whoever has ended a command without success has halted them before.
  await readElsewhere(store, seen, told, settings);

  await readNews(store, seen, remembered.refusing, unreadable);
  const { healthAsks, watchAt = 0, askingAt = Number.POSITIVE_INFINITY } = remembered;
  seen.now = clock.now();
  const isWatched = roomForOthers(seen.now, healthAsks, settings, false) > 0;
  const frontendsAt = Math.min(isWatched ? watchAt : Number.POSITIVE_INFINITY, askingAt);
  if (!seen.survey && !needsFrontends(seen, frontendsAt)) return { seen, unreadable, asks: 0 };
  seen.frontends = await readFrontends(store, seen, noted);
  const rows = frontendsNow(seen).flatMap(questionsOf);
  const due = dueNow(seen, rows, healthAsks, settings);
  seen.health = await askHealth(readers, [...questionsDue(rows, seen.now), ...due]);
  seen.now = clock.now();
  const asked = new Set(due.map((row) => row.frontendId));
  const asOfNow = rows.map((row) => withAnswer(asked.has(row.frontendId) ? { ...row, askedAt: seen.now } : row, seen));
  const next = defined({ askingAt: nextQuestion(asOfNow) });
  const nextAt = nextWatch(subscriptionId, asOfNow, seen.now, settings);
  return { seen, unreadable, watchAt: nextAt, ...next, ...defined({ unread }), asks: due.length };
}

/** A frontend's row with the question that its answer leaves open. */
function withAnswer(row: FrontendRow, { health }: Observed): FrontendRow {
  const answer = health.get(idKey(row.frontendId));
  if (!answer) return row;
  const { asking: _asking, ...rest } = row;
  return answer.kind !== 'known' && answer.question ? { ...rest, asking: answer.question } : rest;
}

/** What is said of a VM or frontend whose row cannot be used. */
export const rowUnusable = (row: string, error: StateError): Finding =>
  finding('ROW_UNUSABLE', { row, why: error.message });

type OutcomesRead = Pick<Observed, 'outcomes' | 'whole' | 'unreadableOutcomes'>;

/** The open outcomes of runs that are under way, and all of a run's where it is planned or closed now. */
async function readOutcomes(
  store: Store,
  runs: readonly Versioned<RunRow>[],
  planned: ReadonlySet<string>,
  told: UnreadableRow[],
): Promise<OutcomesRead> {
  const found = new Map<string, Versioned<OutcomeRow>[]>();
  const whole = new Set<string>();
  const unreadableOutcomes = new Map<string, Set<string>>();
  const read = async (run: RunRow, filter: 'open' | 'all') => {
    const unreadable = new Map<string, UnreadableRow>();
    const options: ListOptions = { unreadable: (row) => unreadable.set(row.key, row) };
    found.set(run.runId, await ownOutcomes(store, run, filter, options));
    if (unreadable.size === 0 || unreadableOutcomes.has(run.runId)) return;
    unreadableOutcomes.set(run.runId, new Set(unreadable.keys()));
    told.push(...unreadable.values());
  };
  const wanted = runs.filter(({ row }) => row.state === 'running' || planned.has(row.runId));
  await inBatches(wanted, READS, async ({ row }) => {
    if (row.state === 'running') await read(row, 'open');
    if (found.get(row.runId)?.length) return;
    await read(row, 'all');
    whole.add(row.runId);
  });
  return { outcomes: runs.flatMap(({ row }) => found.get(row.runId) ?? []), whole, unreadableOutcomes };
}

/**
 * The lists of Azure, surveyed, and all VMs' rows, where this pass needs them. Returns which other subscriptions could not
 * be read; undefined where the estate was not.
 */
async function readEstate(
  readers: Readers,
  seen: Observed,
  remembered: Remembered,
  { noted, told }: Record<'noted' | 'told', ListOptions>,
  settings: LoopSettings,
): Promise<UnreadLists[] | undefined> {
  if (!needsEstate(seen, settings, remembered.refusing)) return undefined;
  const { store } = readers;
  const { scope } = settings;
  let lists: Lists;
  try {
    lists = await readLists(readers, seen.subscriptionId, scope.subscriptionIds, remembered.unread);
    seen.survey = survey(lists.topology, scope);
  } catch (error) {
    seen.estateError = asAzureError(error, 'read the estate');
    return undefined;
  }
  // One loop at a time writes them: what was read before is still so.
  const known = new Map(seen.vms.map((vm) => [vm.row.vmId, vm]));
  const [all, histories] = await Promise.all([
    store.vms.list(seen.subscriptionId, 'all', noted),
    // A VM whose history cannot be read has none: nothing else is different for it.
    store.history.list(seen.subscriptionId, 'all', told),
  ]);
  seen.histories = histories;
  seen.vms = all.map((vm) => known.get(vm.row.vmId) ?? vm);
  return lists.unread;
}

function dueNow(
  seen: Observed,
  frontends: readonly FrontendRow[],
  recentAsks: readonly number[],
  settings: LoopSettings,
): FrontendRow[] {
  const runs = seen.runs.map(({ row }) => row);
  const covering = runs.filter((run) => run.state === 'running' || seen.intake.planned.has(run.runId));
  const inPlay: ReadonlySet<IdKey> = seen.survey ? frontendsOfRuns(covering, seen.survey) : new Set();
  return healthDue(
    { subscriptionId: seen.subscriptionId, now: seen.now, frontends, runs, inPlay, recentAsks },
    settings,
  );
}

/** The frontends' rows as decide will keep them: of the estate where it was read, with the rules that are there now. */
function frontendsNow({ frontends, survey: estate, unusable }: Observed): FrontendRow[] {
  const rows = frontends.map(({ row }) => row);
  if (!estate) return rows;
  const known = new Map(rows.map((row) => [idKey(row.frontendId), row]));
  const now: FrontendRow[] = [];
  for (const surveyed of estate.frontends) {
    const row = known.get(surveyed.frontend.key);
    const fresh = newFrontendRow(surveyed, row);
    if (row) now.push({ ...fresh, ...defined({ asking: row.asking }) });
    else if (unusable.size === 0 || !unusable.has(rowKey(fresh.frontendId))) now.push(fresh);
  }
  return now;
}

async function lookAtCommands(readers: Readers, vms: readonly VmRow[]): Promise<Map<IdKey, Look>> {
  const looks = new Map<IdKey, Look>();
  await inBatches(vms, CALLS, async (vm) => {
    const at = readers.clock.now();
    try {
      const isNext = vm.command?.phase === 'intended';
      const [view, agent] = await Promise.all([
        readers.commands.look(vm.vmId, vm.command?.slot ?? vm.slot),
        isNext ? readers.agents.read(vm.vmId) : undefined,
      ]);
      const look = { kind: 'seen' as const, at, view };
      looks.set(idKey(vm.vmId), isNext ? { ...look, agent: agent ?? {} } : look);
    } catch (error) {
      looks.set(idKey(vm.vmId), { kind: 'failed', at, error: asAzureError(error, 'look at the command') });
    }
  });
  return looks;
}
