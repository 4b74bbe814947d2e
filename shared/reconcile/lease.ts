/** The lease of a subscription: one loop at a time decides. A row with `until`, taken and kept by ETag. */
import { StateError } from '../errors.ts';
import { isAhead } from '../model/ahead.ts';
import type { LeaseRow } from '../model/lease.ts';
import type { Clock } from '../model/ports.ts';
import { LEASES, type Rows } from '../model/store.ts';

/** How far ahead a lease reaches; a killed loop is taken up after this at the latest. */
export const LEASE_MS = 60_000;
/** How long a lease is held at most while something is read, milliseconds. */
const HOLD_MS = 10 * LEASE_MS;
const BEAT_MS = LEASE_MS / 3;
/** Contention is short: a handful of tries by ETag is plenty. */
const TRIES = 8;

export interface Lease {
  readonly row: LeaseRow;
  /** Reaches another minute ahead. Throws StateError STATE_CONFLICT when another loop took it. */
  renew(
    change?: Partial<
      Pick<
        LeaseRow,
        | 'healthAsks'
        | 'readAt'
        | 'tidyAt'
        | 'historyDay'
        | 'watchAt'
        | 'askingAt'
        | 'begun'
        | 'refusing'
        | 'unread'
        | 'newsAt'
      >
    >,
  ): Promise<void>;
  /** Gives it back. `plan` sees the row (with `again`) and says when a bell will be rung; that is kept as `bellAt` and returned. */
  release(plan: (row: LeaseRow) => number | undefined): Promise<number | undefined>;
}

/** Takes the lease; undefined when another loop holds it, which is then told to look again. */
export async function takeLease(
  leases: Rows<LeaseRow>,
  subscriptionId: string,
  holder: string,
  clock: Clock,
): Promise<Lease | undefined> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const found = await leases.get(LEASES, subscriptionId);
    const now = clock.now();
    const held = found !== undefined && found.row.holder !== '' && isAhead(found.row.until, now, 2 * LEASE_MS);
    const row: LeaseRow = held
      ? { ...found.row, again: true }
      : {
          bellAt: 0,
          healthAsks: [],
          tidyAt: 0,
          ...found?.row,
          subscriptionId,
          holder,
          until: now + LEASE_MS,
          again: false,
        };
    if (held && found.row.again) return undefined;
    try {
      const etag = await leases.put(LEASES, subscriptionId, row, found?.etag);
      return held ? undefined : holdLease(leases, row, etag, clock);
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
  throw new StateError('STATE_CONFLICT', `The lease of ${subscriptionId} changed under every one of ${TRIES} tries.`);
}

function holdLease(leases: Rows<LeaseRow>, taken: LeaseRow, firstEtag: string, clock: Clock): Lease {
  let row = taken;
  let etag = firstEtag;
  /** Writes a change of our own row; only `again` may have been set under us. */
  const write = async (change: (current: LeaseRow) => LeaseRow): Promise<void> => {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const next = change(row);
      try {
        etag = await leases.put(LEASES, row.subscriptionId, next, etag);
        row = next;
        return;
      } catch (error) {
        if (!isConflict(error)) throw error;
        const found = await leases.get(LEASES, row.subscriptionId);
        if (found?.row.holder !== row.holder) throw lost(row);
        row = { ...row, again: found.row.again };
        etag = found.etag;
      }
    }
    throw lost(row);
  };
  return {
    get row() {
      return row;
    },
    renew: (change) => write((current) => ({ ...current, ...change, until: clock.now() + LEASE_MS })),
    async release(plan) {
      let ringAt: number | undefined;
      await write((current) => {
        ringAt = plan(current);
        const passedAt = clock.now();
        return { ...current, holder: '', until: 0, again: false, bellAt: ringAt ?? current.bellAt, passedAt };
      });
      return ringAt;
    },
  };
}

const lost = (row: LeaseRow) =>
  new StateError('STATE_CONFLICT', `The lease of ${row.subscriptionId} went to another loop.`);

/**
 * Holds the lease while something slow is read: Azure may take longer to answer than a lease reaches, and the next loop
 * would then start over and be overtaken in its turn. After ten minutes it is let go: what still hangs then is dead.
 * Throws STATE_CONFLICT when another loop took it.
 */
export async function holding<T>(lease: Lease, work: Promise<T>): Promise<T> {
  let beat: Promise<unknown> = Promise.resolve();
  let beats = 0;
  const timer = setInterval(() => {
    beats += 1;
    if (beats * BEAT_MS > HOLD_MS) return clearInterval(timer);
    beat = beat.then(() => lease.renew());
    beat.catch(() => undefined); // thrown below
  }, BEAT_MS);
  timer.unref();
  try {
    return await work;
  } finally {
    clearInterval(timer);
    await beat;
  }
}

/** True for a write that lost against another. */
export const isConflict = (error: unknown): boolean => error instanceof StateError && error.code === 'STATE_CONFLICT';

/** For a write that may lose: throws anything but a conflict. */
export function unlessConflict(error: unknown): void {
  if (!isConflict(error)) throw error;
}
