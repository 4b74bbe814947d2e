/** The store in memory, with ETags that behave as those of Azure Tables: create fails on a row that is there, replace on one that changed. */
import { StateError } from '../../shared/errors.ts';
import { isOpen } from '../../shared/state/rows.ts';
import type { Rows, Store, Versioned } from '../../shared/state/store.ts';

/** Rows by partition and key. `puts` counts writes. */
export class MemoryRows<T> implements Rows<T> {
  readonly #rows = new Map<string, Map<string, Versioned<T>>>();
  readonly #open: (row: T) => boolean;
  #version = 0;
  puts = 0;

  constructor(open: (row: T) => boolean = () => true) {
    this.#open = open;
  }

  /** Copies all rows, ETags included. */
  static copy<T>(from: MemoryRows<T>, to: MemoryRows<T>): void {
    to.#version = from.#version;
    for (const [partition, rows] of from.#rows) to.#rows.set(partition, structuredClone(rows));
  }

  async get(partition: string, key: string): Promise<Versioned<T> | undefined> {
    return structuredClone(this.#rows.get(partition)?.get(key));
  }

  async list(partition: string, filter?: 'open'): Promise<Versioned<T>[]> {
    const rows = [...(this.#rows.get(partition)?.values() ?? [])];
    return structuredClone(filter === 'open' ? rows.filter(({ row }) => this.#open(row)) : rows);
  }

  async put(partition: string, key: string, row: T, etag?: string): Promise<string> {
    const rows = this.#rows.get(partition) ?? new Map<string, Versioned<T>>();
    const found = rows.get(key);
    if (found?.etag !== etag) throw new StateError('STATE_CONFLICT', `${partition}/${key} changed`);
    this.puts += 1;
    this.#version += 1;
    const next = `W/"${this.#version}"`;
    rows.set(key, { row: structuredClone(row), etag: next });
    this.#rows.set(partition, rows);
    return next;
  }
}

export const memoryStore = () =>
  ({
    runs: new MemoryRows(isOpen),
    outcomes: new MemoryRows(),
    vms: new MemoryRows(),
    frontends: new MemoryRows(),
    leases: new MemoryRows(),
  }) satisfies Store;
