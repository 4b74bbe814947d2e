/** The history document: how each path stood over days, for how long, and when it was proved. */
import { type PathTimes, timesOf } from '../evaluate/history.ts';
import { inBatches, READS } from '../model/batches.ts';
import {
  DAY_MS,
  dayOf,
  daysBetween,
  type HistoryRow,
  historyPartition,
  type PathSpan,
  startOf,
} from '../model/history.ts';
import { isWithin, shortName } from '../model/ids.ts';
import { iso } from '../model/iso.ts';
import { defined } from '../model/optional.ts';
import { type ListOptions, rowKey, type Store, type Versioned } from '../model/store.ts';
import { csv } from './csv.ts';
import type { HistoryPathView, HistoryView } from './historySchema.ts';
import { type CodeView, unreadableView } from './run.ts';

/** What is asked for: the last so many days, today among them. */
export interface HistoryAsked {
  /** A VM's id. */
  vm?: string;
  vip?: string;
  days: number;
}

/** Paths in one answer at the most. */
const MOST_PATHS = 2000;

/** Reads the history of all subscriptions, or of one VM or VIP. `at`: epoch milliseconds. */
export async function readHistory(
  store: Pick<Store, 'history'>,
  subscriptionIds: readonly string[],
  { vm, vip, days }: HistoryAsked,
  at: number,
): Promise<HistoryView> {
  const from = startOf(dayOf(at)) - (days - 1) * DAY_MS;
  const rows: HistoryRow[] = [];
  const unread: CodeView[] = [];
  const homes =
    vm === undefined ? subscriptionIds : subscriptionIds.filter((id) => isWithin(vm, `/subscriptions/${id}`));
  const partitions = homes.flatMap((id) => [
    id,
    ...daysBetween(dayOf(from), dayOf(at)).map((day) => historyPartition(id, day)),
  ]);
  await inBatches(partitions, READS, async (partition) => {
    const options = {
      unreadable: (row: Parameters<NonNullable<ListOptions['unreadable']>>[0]) => void unread.push(unreadableView(row)),
    };
    rows.push(...(await readPartition(store, partition, vm, options)));
  });
  const times = timesOf(rows, from, at).filter((path) => vip === undefined || path.vip === vip);
  const paths = times.map((path) => pathView(path)).sort(worstFirst);
  const left = paths.length - MOST_PATHS;
  return {
    at: iso(at),
    from: iso(from),
    days,
    paths: paths.slice(0, MOST_PATHS),
    ...defined({ left: left > 0 ? left : undefined, unreadable: unread.length > 0 ? unread : undefined }),
  };
}

async function readPartition(
  { history }: Pick<Store, 'history'>,
  partition: string,
  vm: string | undefined,
  options: ListOptions,
): Promise<HistoryRow[]> {
  const found: (Versioned<HistoryRow> | undefined)[] =
    vm === undefined ? await history.list(partition, 'all', options) : [await history.get(partition, rowKey(vm))];
  return found.flatMap((versioned) => (versioned ? [versioned.row] : []));
}

function pathView({ vmId, frontendId, vip, spans, isOpen, mixed, ms }: PathTimes): HistoryPathView {
  const proved = new Set(spans.flatMap(({ provedAt }) => provedAt ?? []));
  const views = spans.map((span, i) => spanView(span, isOpen && i === spans.length - 1));
  const sums = mixed.map(({ from, to, changes, ms: of }) => ({
    from: iso(from),
    to: iso(to),
    changes,
    seconds: seconds(of),
  }));
  return {
    vm: shortName(vmId),
    vip,
    seconds: seconds({ ...ms }),
    changes: mixed.reduce((sum, { changes }) => sum + changes, Math.max(0, spans.length - 1)),
    proved: [...proved].sort((a, b) => a - b).map(iso),
    spans: views,
    ...(sums.length > 0 ? { mixed: sums } : {}),
    vmId,
    frontend: frontendId,
  };
}

function spanView({ from, to, provedAt, ...state }: PathSpan, lasts: boolean): HistoryPathView['spans'][number] {
  const { exposure, verdict, proof, code, runId } = state;
  return {
    from: iso(from),
    ...(lasts ? {} : { to: iso(to) }),
    seconds: (to - from) / 1000,
    exposure,
    verdict,
    proof,
    ...defined({ provedAt: provedAt === undefined ? undefined : iso(provedAt), code, runId }),
  };
}

const seconds = <T extends Record<string, number>>(ms: T): T =>
  Object.fromEntries(Object.entries(ms).map(([name, value]) => [name, value / 1000])) as T;

const worstFirst = (a: HistoryPathView, b: HistoryPathView): number =>
  b.seconds.exposed - a.seconds.exposed ||
  b.seconds.atRisk - a.seconds.atRisk ||
  b.seconds.unknown - a.seconds.unknown ||
  a.vm.localeCompare(b.vm) ||
  a.vip.localeCompare(b.vip);

const COLUMNS = [
  'vm',
  'vip',
  'from',
  'to',
  'seconds',
  'exposure',
  'verdict',
  'proof',
  'provedAt',
  'code',
  'runId',
  'changes',
  'vmId',
  'frontend',
];

/** A line for each span, and for each kind that a day's further changes were of: these have `changes`. */
export function historyCsv({ paths }: HistoryView): string {
  const lines = paths.flatMap(({ vm, vip, spans, mixed = [], vmId, frontend }) => {
    const of = { vm, vip, vmId, frontend };
    const sums = mixed.flatMap(({ from, to, changes, seconds: by }) =>
      Object.entries(by).map(([words, some]) => {
        const [exposure, verdict] = words.split(' ');
        return { ...of, from, to, seconds: some, exposure, verdict, changes };
      }),
    );
    return [...spans.map((span) => ({ ...of, ...span })), ...sums];
  });
  return csv(lines, COLUMNS);
}
