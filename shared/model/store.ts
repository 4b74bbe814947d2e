/** The store as the loop and the views see it: rows with versions, written only when unchanged. */
import { hash } from 'node:crypto';
import type { StateError } from '../errors.ts';
import { idKey } from './ids.ts';
import type { LeaseRow } from './lease.ts';
import type { NewsRow } from './news.ts';
import type { FrontendRow, OutcomeRow, RequestRow, RunRow, RunState, VmRow } from './rows.ts';
import type { SignalKind } from './signal.ts';

/** A row with the ETag it was read under. */
export interface Versioned<T> {
  row: T;
  etag: string;
}

/** A row that cannot be read: foreign, broken, or of a later program. */
export interface UnreadableRow {
  key: string;
  /** Table, partition and key, for a person to find it. */
  where: string;
  error: StateError;
}

export interface ListOptions {
  /** No more than so many. */
  limit?: number;
  /** Told of each row that cannot be read; without it such a row throws. */
  unreadable?: (row: UnreadableRow) => void;
}

/** Rows of one kind. Partition and key are plain text without `/ \ # ?`. `F`: what may be listed besides all of them. */
export interface Rows<T, F extends string = never> {
  get(partition: string, key: string): Promise<Versioned<T> | undefined>;
  /** The rows of a partition, or those of them that a filter names. Throws StateError. */
  list(partition: string, filter?: F | 'all', options?: ListOptions): Promise<Versioned<T>[]>;
  /**
   * Writes a row: creates it without an ETag, replaces it under one. Returns the new ETag.
   * Throws StateError STATE_CONFLICT when it exists already or has changed, STATE_ROW_TOO_LARGE when no table takes it.
   */
  put(partition: string, key: string, row: T, etag?: string): Promise<string>;
}

/** Rows that are not kept for ever. */
export interface PassingRows<T, F extends string = never> extends Rows<T, F> {
  /** Takes a row away; one that is gone is no error. Throws StateError STATE_CONFLICT when it has changed. */
  remove(partition: string, key: string, found: Versioned<T>): Promise<void>;
}

/** Which runs of a subscription to show. */
export interface RunQuery {
  state?: RunState;
  signal?: SignalKind;
  /** Only what comes after the run with this mark: older ones. */
  after?: string;
  /** Accepted at this time or later, epoch milliseconds. */
  since?: number;
  /** Accepted before this time, epoch milliseconds. */
  before?: number;
  limit: number;
}

/**
 * `open`: runs with something left to do. `urgent`: those of them that are under way or asked for by hand. `arrived`: the
 * others, which nobody has planned yet. `outdated`: those that an older program wrote last.
 */
export type RunFilter = 'open' | 'urgent' | 'arrived' | 'outdated';

export interface RunRows extends PassingRows<RunRow, RunFilter> {
  /** The newest runs first. */
  page(partition: string, query: RunQuery, options?: Pick<ListOptions, 'unreadable'>): Promise<RunRow[]>;
}

export interface RequestRows extends PassingRows<RequestRow> {
  /** Some of those that were accepted before a time, epoch milliseconds. */
  before(time: number, limit: number, options?: Pick<ListOptions, 'unreadable'>): Promise<Versioned<RequestRow>[]>;
}

export interface Store {
  /** Partition: subscription id; key: run id. */
  runs: RunRows;
  /** Partition: run id; key: VM key. `open`: those that have not ended. */
  outcomes: PassingRows<OutcomeRow, 'open'>;
  /** Partition: subscription id; key: VM key. `commanded`: those with a command in flight. */
  vms: Rows<VmRow, 'commanded'>;
  /** Partition: subscription id; key: hash of the frontend id. */
  frontends: Rows<FrontendRow>;
  /** Partition {@link REQUESTS}; key: hash of the `Idempotency-Key`. */
  requests: RequestRows;
  /** Partition: subscription id; key: VM key, or that of the subscription's id. `pending`: those with events to publish. */
  news: Rows<NewsRow, 'pending'>;
  /** Partition {@link LEASES}; key: subscription id. */
  leases: Rows<LeaseRow>;
}

/** The partition of all requests with a key. */
export const REQUESTS = 'request';

/** The partition of all leases. */
export const LEASES = 'lease';

/** The key of a resource's row: sha256 of its lower-cased id (an id holds `/`, which a table key must not). */
export const rowKey = (id: string): string => hash('sha256', idKey(id));

/** 9999-12-31, the latest time that a mark may stand for. */
const LAST_MS = 253_402_300_799_999;

/** Where times stand among the marks of runs: the later a run was accepted, the smaller. */
export const timeMark = (ms: number): string => String(LAST_MS - Math.min(Math.max(0, ms), LAST_MS)).padStart(15, '0');

/** Where a run stands among others, newest first, in every subscription alike. */
export const runMark = (run: Pick<RunRow, 'observedAt' | 'runId'>): string =>
  `${timeMark(run.observedAt)}-${run.runId}`;

/** True when a run belongs on a page. The row's time never changes, so neither does its mark. */
export function isOnPage(run: RunRow, { state, signal, after, since, before }: Omit<RunQuery, 'limit'>): boolean {
  return (
    (state === undefined || run.state === state) &&
    (signal === undefined || run.signal === signal) &&
    (after === undefined || runMark(run) > after) &&
    (since === undefined || run.observedAt >= since) &&
    (before === undefined || run.observedAt < before)
  );
}
