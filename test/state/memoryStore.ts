/**
 * The store in memory, with ETags that behave as those of Azure Tables: create fails on a row that is there, replace on
 * one that changed. Rows are kept as JSON, as the tables keep them.
 */
import { StateError } from '../../shared/errors.ts';
import { isOpen, type RunRow } from '../../shared/model/rows.ts';
import {
  isOnPage,
  type PassingRows,
  type Rows,
  type RunQuery,
  type RunRows,
  runMark,
  type Store,
  type Versioned,
} from '../../shared/model/store.ts';

interface Kept {
  json: string;
  etag: string;
}

const read = <T>({ json, etag }: Kept): Versioned<T> => ({ row: JSON.parse(json) as T, etag });

/** Rows by partition and key. `puts` counts writes. */
export class MemoryRows<T> implements Rows<T> {
  protected readonly rows = new Map<string, Map<string, Kept>>();
  #version = 0;
  puts = 0;

  /** Copies all rows, ETags included. */
  static copy<T>(from: MemoryRows<T>, to: MemoryRows<T>): void {
    to.#version = from.#version;
    for (const [partition, rows] of from.rows) to.rows.set(partition, new Map(rows));
  }

  async get(partition: string, key: string): Promise<Versioned<T> | undefined> {
    const found = this.rows.get(partition)?.get(key);
    return found && read(found);
  }

  async list(partition: string): Promise<Versioned<T>[]> {
    return [...(this.rows.get(partition)?.values() ?? [])].map((kept) => read<T>(kept));
  }

  async put(partition: string, key: string, row: T, etag?: string): Promise<string> {
    const rows = this.rows.get(partition) ?? new Map<string, Kept>();
    if (rows.get(key)?.etag !== etag) throw new StateError('STATE_CONFLICT', `${partition}/${key} changed`);
    this.puts += 1;
    this.#version += 1;
    const next = `W/"${this.#version}"`;
    rows.set(key, { json: JSON.stringify(row), etag: next });
    this.rows.set(partition, rows);
    return next;
  }
}

/** Rows that may be removed. */
class MemoryPassingRows<T> extends MemoryRows<T> implements PassingRows<T> {
  async remove(partition: string, key: string, { etag }: Versioned<T>): Promise<void> {
    const found = this.rows.get(partition)?.get(key);
    if (found && found.etag !== etag) throw new StateError('STATE_CONFLICT', `${partition}/${key} changed`);
    this.rows.get(partition)?.delete(key);
  }
}

/** Runs in memory; none was ever written by an older program. */
class MemoryRuns extends MemoryPassingRows<RunRow> implements RunRows {
  override async list(partition: string, filter?: 'open' | 'outdated'): Promise<Versioned<RunRow>[]> {
    if (filter === 'outdated') return [];
    const runs = await super.list(partition);
    return filter === 'open' ? runs.filter(({ row }) => isOpen(row)) : runs;
  }

  async page(partition: string, query: RunQuery): Promise<RunRow[]> {
    const runs = (await super.list(partition)).map(({ row }) => row).filter((run) => isOnPage(run, query));
    return runs.toSorted((a, b) => (runMark(a) < runMark(b) ? -1 : 1)).slice(0, query.limit);
  }
}

export const memoryStore = () =>
  ({
    runs: new MemoryRuns(),
    outcomes: new MemoryPassingRows(),
    vms: new MemoryRows(),
    frontends: new MemoryRows(),
    leases: new MemoryRows(),
  }) satisfies Store;
