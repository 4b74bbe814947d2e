/** Rows as a pass works on them: what was read stays as it was, and a row that differs from it at the end is written. */
import { isDeepStrictEqual } from 'node:util';
import { type IdKey, idKey } from '../model/ids.ts';
import type { OutcomeRow } from '../model/rows.ts';
import type { Versioned } from '../model/store.ts';

interface Kept<T> {
  /** As it was read; undefined for a row that is not in the table yet. */
  read: Versioned<T> | undefined;
  /** Made when the row is first looked at. */
  copy: T | undefined;
}

/** A row to write: without an ETag it is new. */
export interface Change<T> {
  row: T;
  etag?: string;
}

/** Rows of one kind by key. Those that are handed out may be changed in place. */
export class Rows<K extends string, T extends object> {
  readonly #kept = new Map<K, Kept<T>>();
  readonly #keyOf: (row: T) => K;

  constructor(keyOf: (row: T) => K, rows: readonly Versioned<T>[]) {
    this.#keyOf = keyOf;
    for (const read of rows) this.#kept.set(keyOf(read.row), { read, copy: undefined });
  }

  get(key: K): T | undefined {
    const kept = this.#kept.get(key);
    return kept && copyOf(kept);
  }

  *all(): Generator<T> {
    for (const kept of this.#kept.values()) yield copyOf(kept);
  }

  /** Takes in a row that is not in the table yet. */
  add(row: T): T {
    this.#kept.set(this.#keyOf(row), { read: undefined, copy: row });
    return row;
  }

  /** Rows that are new, and those that differ from what was read. */
  changes(): Change<T>[] {
    const changes: Change<T>[] = [];
    for (const { read, copy } of this.#kept.values()) {
      if (copy === undefined) continue;
      if (read === undefined) changes.push({ row: copy });
      else if (!isDeepStrictEqual(read.row, copy)) changes.push({ row: copy, etag: read.etag });
    }
    return changes;
  }
}

function copyOf<T extends object>(kept: Kept<T>): T {
  kept.copy ??= structuredClone((kept.read as Versioned<T>).row);
  return kept.copy;
}

const outcomeKey = (runId: string, vmKey: IdKey): string => `${runId} ${vmKey}`;

/** Outcomes, by run too. */
export class Outcomes {
  readonly #rows: Rows<string, OutcomeRow>;
  readonly #keysOfRun = new Map<string, string[]>();

  constructor(rows: readonly Versioned<OutcomeRow>[]) {
    this.#rows = new Rows(keyOf, rows);
    for (const { row } of rows) this.#note(row);
  }

  #note(row: OutcomeRow): void {
    const keys = this.#keysOfRun.get(row.runId);
    if (keys) keys.push(keyOf(row));
    else this.#keysOfRun.set(row.runId, [keyOf(row)]);
  }

  get(runId: string, vmKey: IdKey): OutcomeRow | undefined {
    return this.#rows.get(outcomeKey(runId, vmKey));
  }

  all(): Generator<OutcomeRow> {
    return this.#rows.all();
  }

  ofRun(runId: string): OutcomeRow[] {
    return (this.#keysOfRun.get(runId) ?? []).flatMap((key) => this.#rows.get(key) ?? []);
  }

  add(row: OutcomeRow): OutcomeRow {
    this.#note(row);
    return this.#rows.add(row);
  }

  changes(): Change<OutcomeRow>[] {
    return this.#rows.changes();
  }
}

const keyOf = (row: OutcomeRow): string => outcomeKey(row.runId, idKey(row.vmId));
