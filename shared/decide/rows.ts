/** Rows as a pass works on them: what was read stays as it was, and a row that differs from it at the end is written. */
import { push } from '../evaluate/lists.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { OutcomeRow } from '../model/rows.ts';
import type { Versioned } from '../model/store.ts';
import { copyPlain, isSamePlain } from './plain.ts';

interface Kept<T> {
  /** As it was read; undefined for a row that is not in the table yet. */
  read: Versioned<T> | undefined;
  /** Made when the row is first asked for to be changed. */
  copy: T | undefined;
}

/** A row to write: without an ETag it is new. */
export interface Change<T> {
  row: T;
  etag?: string;
}

/** Rows of one kind by key. Those that `get` and `all` hand out may be changed in place; most are only read. */
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

  /** A row as it is now, not to be changed. */
  read(key: K): Readonly<T> | undefined {
    const kept = this.#kept.get(key);
    return kept && asItIs(kept);
  }

  *all(): Generator<T> {
    for (const kept of this.#kept.values()) yield copyOf(kept);
  }

  /** All rows as they are now, not to be changed. */
  *readAll(): Generator<Readonly<T>> {
    for (const kept of this.#kept.values()) yield asItIs(kept);
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
      else if (!isSamePlain(read.row, copy)) changes.push({ row: copy, etag: read.etag });
    }
    return changes;
  }
}

function copyOf<T extends object>(kept: Kept<T>): T {
  kept.copy ??= copyPlain((kept.read as Versioned<T>).row);
  return kept.copy;
}

const asItIs = <T extends object>({ copy, read }: Kept<T>): T => copy ?? (read as Versioned<T>).row;

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
    push(this.#keysOfRun, row.runId, keyOf(row));
  }

  get(runId: string, vmKey: IdKey): OutcomeRow | undefined {
    return this.#rows.get(outcomeKey(runId, vmKey));
  }

  /** All as they are now, not to be changed. */
  readAll(): Generator<Readonly<OutcomeRow>> {
    return this.#rows.readAll();
  }

  ofRun(runId: string): OutcomeRow[] {
    return (this.#keysOfRun.get(runId) ?? []).flatMap((key) => this.#rows.get(key) ?? []);
  }

  /** A run's as they are now, not to be changed. */
  readOfRun(runId: string): Readonly<OutcomeRow>[] {
    return (this.#keysOfRun.get(runId) ?? []).flatMap((key) => this.#rows.read(key) ?? []);
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
