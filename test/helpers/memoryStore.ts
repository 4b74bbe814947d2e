/**
 * The store in memory, with ETags that behave as those of Azure Tables: create fails on a row that is there, replace on
 * one that changed. Rows go through JSON, as they do in the tables.
 */
import { StateError } from '../../shared/errors.ts';
import type { HistoryRow } from '../../shared/model/history.ts';
import type { LeaseRow } from '../../shared/model/lease.ts';
import type { NewsRow } from '../../shared/model/news.ts';
import {
  type FrontendRow,
  isOpen,
  type OutcomeRow,
  type RequestRow,
  type RunRow,
  type VmRow,
} from '../../shared/model/rows.ts';
import {
  isOnPage,
  type ListOptions,
  type PassingRows,
  REQUESTS,
  type RequestRows,
  type Rows,
  type RunFilter,
  type RunQuery,
  type RunRows,
  runMark,
  type Store,
  type Versioned,
} from '../../shared/model/store.ts';

interface Kept {
  /** As JSON gives it back. Frozen: a pass that changed what it read would lose a write. */
  row: object;
  etag: string;
}

/** JSON once for each write, and none for a read: a loop reads its rows a hundred times as often. */
const kept = (row: unknown, etag: string): Kept => ({ row: frozen(JSON.parse(JSON.stringify(row))), etag });

/** By hand: a reviver of JSON's takes several times as long. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}

/** Each reading is an object of its own, as with the tables: nobody can tell by identity that nothing changed. */
const read = <T>({ row, etag }: Kept): Versioned<T> => ({ row: Object.freeze({ ...row }) as T, etag });

const brokenRow = (partition: string, key: string): StateError =>
  new StateError('STATE_ROW_BROKEN', `Row ${partition}/${key} holds broken JSON.`);

type Filters<T, F extends string> = Record<F, (row: T) => boolean>;

/** Rows by partition and key. `puts` counts writes. `filters`: what may be listed besides all of them. */
export class MemoryRows<T, F extends string = never> implements Rows<T, F> {
  readonly #filters: Filters<T, F>;
  protected readonly rows = new Map<string, Map<string, Kept>>();
  #version = 0;
  puts = 0;
  /** Rows that cannot be read, by partition and key: `p/k`. They need not be there otherwise. */
  readonly broken = new Set<string>();
  /** Rows that no table takes. */
  readonly tooLarge: { when: (row: T) => boolean } = { when: () => false };

  constructor(filters: Filters<T, F>) {
    this.#filters = filters;
  }

  /** Copies all rows, ETags included. */
  static copy<T>(from: MemoryRows<T>, to: MemoryRows<T>): void {
    to.#version = from.#version;
    for (const [partition, rows] of from.rows) to.rows.set(partition, new Map(rows));
  }

  async get(partition: string, key: string): Promise<Versioned<T> | undefined> {
    if (this.broken.has(`${partition}/${key}`)) throw brokenRow(partition, key);
    const found = this.rows.get(partition)?.get(key);
    return found && read(found);
  }

  async list(
    partition: string,
    filter: F | 'all' = 'all',
    { limit = Infinity, unreadable }: ListOptions = {},
  ): Promise<Versioned<T>[]> {
    // Nobody knows what a filter would say of them: they are in every list.
    const broken = [...this.broken].filter((where) => where.startsWith(`${partition}/`));
    for (const where of broken) {
      const key = where.slice(partition.length + 1);
      if (!unreadable) throw brokenRow(partition, key);
      unreadable({ key, where, error: brokenRow(partition, key) });
    }
    const readable = [...(this.rows.get(partition) ?? [])].filter(([key]) => !this.broken.has(`${partition}/${key}`));
    const all = readable.map(([, found]) => read<T>(found));
    const wanted = filter === 'all' ? all : all.filter(({ row }) => this.#filters[filter as F](row));
    return wanted.slice(0, limit);
  }

  async put(partition: string, key: string, row: T, etag?: string): Promise<string> {
    const rows = this.rows.get(partition) ?? new Map<string, Kept>();
    if (this.tooLarge.when(row)) throw new StateError('STATE_ROW_TOO_LARGE', `${partition}/${key} is too large`);
    const isThere = this.broken.has(`${partition}/${key}`) || rows.get(key)?.etag !== etag;
    if (isThere) throw new StateError('STATE_CONFLICT', `${partition}/${key} changed`);
    this.puts += 1;
    this.#version += 1;
    const next = `W/"${this.#version}"`;
    rows.set(key, kept(row, next));
    this.rows.set(partition, rows);
    return next;
  }
}

/** Rows that may be removed. */
class MemoryPassingRows<T, F extends string = never> extends MemoryRows<T, F> implements PassingRows<T, F> {
  async remove(partition: string, key: string, { etag }: Versioned<T>): Promise<void> {
    const found = this.rows.get(partition)?.get(key);
    if (found && found.etag !== etag) throw new StateError('STATE_CONFLICT', `${partition}/${key} changed`);
    this.rows.get(partition)?.delete(key);
  }
}

const isUrgent = (run: RunRow): boolean => run.state === 'running' || run.signal === 'manual';

/** Runs in memory; none was ever written by an older program. */
class MemoryRuns extends MemoryPassingRows<RunRow, RunFilter> implements RunRows {
  constructor() {
    super({
      open: isOpen,
      urgent: (run) => isOpen(run) && isUrgent(run),
      arrived: (run) => isOpen(run) && !isUrgent(run),
      outdated: () => false,
    });
  }

  async page(partition: string, query: RunQuery, options: ListOptions = {}): Promise<RunRow[]> {
    const runs = (await this.list(partition, 'all', options))
      .map(({ row }) => row)
      .filter((run) => isOnPage(run, query));
    return runs.toSorted((a, b) => (runMark(a) < runMark(b) ? -1 : 1)).slice(0, query.limit);
  }
}

class MemoryRequests extends MemoryPassingRows<RequestRow> implements RequestRows {
  constructor() {
    super({});
  }

  async before(time: number, limit: number, options: ListOptions = {}): Promise<Versioned<RequestRow>[]> {
    return (await this.list(REQUESTS, 'all', options)).filter(({ row }) => row.at < time).slice(0, limit);
  }
}

export const memoryStore = () =>
  ({
    runs: new MemoryRuns(),
    outcomes: new MemoryPassingRows<OutcomeRow, 'open'>({ open: (outcome) => outcome.state !== 'settled' }),
    vms: new MemoryRows<VmRow, 'commanded'>({ commanded: (vm) => vm.command !== undefined }),
    frontends: new MemoryRows<FrontendRow>({}),
    history: new MemoryPassingRows<HistoryRow>({}),
    requests: new MemoryRequests(),
    news: new MemoryRows<NewsRow, 'pending'>({ pending: (row) => row.pending.length > 0 }),
    leases: new MemoryRows<LeaseRow>({}),
  }) satisfies Store;
