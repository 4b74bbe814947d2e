/** The working copy of the rows that decide writes into: what was read, what changed, and what is to be done. */
import type { AzureError } from '../errors.ts';
import type { GuestCommand } from '../model/guest.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { AgentView, CommandSlot, CommandView } from '../model/ports.ts';
import type { FrontendRow, OutcomeRow, RunRow, VmRow } from '../model/rows.ts';
import type { Versioned } from '../model/store.ts';
import type { BackendHealth, Topology } from '../model/topology.ts';

/**
 * What Azure showed of a command in flight; `view` undefined: no such command. `agent` was read for a command that is
 * still to be sent. `at` is when it was asked, epoch milliseconds: what it showed is as old as that.
 */
export type Look =
  | { kind: 'seen'; at: number; view: CommandView | undefined; agent?: AgentView }
  | { kind: 'failed'; at: number; error: AzureError };

/** What asking a frontend's rule for health gave. */
export type HealthAnswer =
  | { kind: 'known'; backends: BackendHealth[] }
  | { kind: 'unfinished' }
  | { kind: 'failed'; error: AzureError };

/** Everything one pass has seen. Plain data: decide is a function of it. */
export interface Observed {
  subscriptionId: string;
  /** Epoch milliseconds. */
  now: number;
  /** Open runs. */
  runs: Versioned<RunRow>[];
  /** Outcomes of the open runs. */
  outcomes: Versioned<OutcomeRow>[];
  vms: Versioned<VmRow>[];
  frontends: Versioned<FrontendRow>[];
  /** By VM, for each command in flight. */
  looks: ReadonlyMap<IdKey, Look>;
  /** By frontend, for each that was asked in this pass. */
  health: ReadonlyMap<IdKey, HealthAnswer>;
  /** Not read when nothing needed it. */
  topology?: Topology;
  /** Why it could not be read. */
  topologyError?: AzureError;
}

export type Effect =
  | {
      kind: 'send';
      vmId: string;
      seq: number;
      os: 'linux' | 'windows';
      location: string;
      slot: CommandSlot;
      command: GuestCommand;
      timeoutSeconds: number;
      tags: Record<string, string>;
    }
  | { kind: 'cancel'; vmId: string; seq: number; slot: CommandSlot };

/** A row to write: without an ETag it is new. */
export type RowWrite =
  | { table: 'runs'; row: RunRow; etag?: string }
  | { table: 'outcomes'; row: OutcomeRow; etag?: string }
  | { table: 'vms'; row: VmRow; etag?: string }
  | { table: 'frontends'; row: FrontendRow; etag?: string };

export interface LogLine {
  level: 'info' | 'warn';
  step: string;
  fields: Record<string, unknown>;
}

interface Tracked<T> {
  row: T;
  etag?: string;
  changed: boolean;
}

/** Rows by key, each with its ETag and whether it changed. */
export class Shelf<T> {
  readonly #rows = new Map<string, Tracked<T>>();
  readonly #keyOf: (row: T) => string;

  constructor(keyOf: (row: T) => string, rows: readonly Versioned<T>[]) {
    this.#keyOf = keyOf;
    for (const { row, etag } of rows) {
      this.#rows.set(keyOf(row), { row: structuredClone(row), etag, changed: false });
    }
  }

  get(key: string): T | undefined {
    return this.#rows.get(key)?.row;
  }

  all(): T[] {
    return [...this.#rows.values()].map((tracked) => tracked.row);
  }

  /** Adds a row that is not in the table yet. */
  add(row: T): T {
    this.#rows.set(this.#keyOf(row), { row, changed: true });
    return row;
  }

  /** Says that a row was changed in place. */
  touch(row: T): void {
    const tracked = this.#rows.get(this.#keyOf(row));
    if (tracked) tracked.changed = true;
  }

  changes(): { row: T; etag?: string }[] {
    return [...this.#rows.values()]
      .filter((tracked) => tracked.changed)
      .map(({ row, etag }) => (etag === undefined ? { row } : { row, etag }));
  }
}

export interface Draft {
  observed: Observed;
  now: number;
  runs: Shelf<RunRow>;
  outcomes: Shelf<OutcomeRow>;
  vms: Shelf<VmRow>;
  frontends: Shelf<FrontendRow>;
  effects: Effect[];
  log: LogLine[];
}

/** Key of an outcome on its shelf. */
export const outcomeKey = (runId: string, vmId: string): string => `${runId} ${idKey(vmId)}`;

/** A fresh working copy; the observed rows stay as they were. */
export const startDraft = (observed: Observed): Draft => ({
  observed,
  now: observed.now,
  runs: new Shelf((run) => run.runId, observed.runs),
  outcomes: new Shelf((outcome) => outcomeKey(outcome.runId, outcome.vmId), observed.outcomes),
  vms: new Shelf((vm) => idKey(vm.vmId), observed.vms),
  frontends: new Shelf((frontend) => idKey(frontend.frontendId), observed.frontends),
  effects: [],
  log: [],
});

/** Outcomes of one run. */
export const outcomesOf = (draft: Draft, runId: string): OutcomeRow[] =>
  draft.outcomes.all().filter((outcome) => outcome.runId === runId);
