/** The store as the loop and the views see it: rows with versions, written only when unchanged. */
import { createHash } from 'node:crypto';
import { idKey } from '../model/ids.ts';
import type { FrontendRow, LeaseRow, OutcomeRow, RunRow, VmRow } from './rows.ts';

/** A row with the ETag it was read under. */
export interface Versioned<T> {
  row: T;
  etag: string;
}

/** Rows of one kind. Partition and key are plain text without `/ \ # ?`. */
export interface Rows<T> {
  get(partition: string, key: string): Promise<Versioned<T> | undefined>;
  /** All rows of a partition; `open` limits runs to those with something left to do. */
  list(partition: string, filter?: 'open'): Promise<Versioned<T>[]>;
  /**
   * Writes a row: creates it without an ETag, replaces it under one. Returns the new ETag.
   * Throws StateError STATE_CONFLICT when it exists already or has changed.
   */
  put(partition: string, key: string, row: T, etag?: string): Promise<string>;
}

export interface Store {
  /** Partition: subscription id; key: run id. */
  runs: Rows<RunRow>;
  /** Partition: run id; key: VM key. */
  outcomes: Rows<OutcomeRow>;
  /** Partition: subscription id; key: VM key. */
  vms: Rows<VmRow>;
  /** Partition: subscription id; key: hash of the frontend id. */
  frontends: Rows<FrontendRow>;
  /** Partition `lease`; key: subscription id. */
  leases: Rows<LeaseRow>;
}

/** The key of a resource's row: sha256 of its lower-cased id (an id holds `/`, which a table key must not). */
export const rowKey = (id: string): string => createHash('sha256').update(idKey(id)).digest('hex');
