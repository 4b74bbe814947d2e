/** Old runs are removed, a batch at a time, by whatever loop holds the lease when it is due: nothing else depends on it. */

import { isAhead } from '../model/ahead.ts';
import { inBatches } from '../model/batches.ts';
import { DAY_MS, dayOf, daysBetween, type HistoryRow, historyPartition, startOf } from '../model/history.ts';
import type { Clock } from '../model/ports.ts';
import { isOpen, type RunRow } from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { Log } from '../model/steps.ts';
import { type ListOptions, REQUESTS, rowKey, type Store, type Versioned } from '../model/store.ts';
import { isConflict, type Lease, unlessConflict } from './lease.ts';
import { ownOutcomes } from './ownOutcomes.ts';
import { tellingUnreadable } from './unreadable.ts';

/** How often old runs are looked for, and how soon again while there are more, milliseconds. */
export const TIDY_MS = 3_600_000;
const TIDY_SOON_MS = 60_000;
/** Runs in one batch: a few seconds' work, well within a lease. */
export const TIDY_BATCH = 50;
/** Rows of a day's history in one batch: each is one call. */
const HISTORY_BATCH = 200;
const SIDE_BY_SIDE = 8;

interface Ports {
  store: Pick<Store, 'runs' | 'outcomes' | 'requests' | 'history'>;
  clock: Clock;
  log: Log;
}

/**
 * Removes ended runs that were accepted longer ago than the setting, and writes anew those that an older program wrote.
 * Once an hour; a loop killed in here is followed by another within a minute.
 */
export async function tidy(lease: Lease, ports: Ports, settings: LoopSettings): Promise<void> {
  const { subscriptionId, tidyAt } = lease.row;
  const now = ports.clock.now();
  if (isAhead(tidyAt, now, TIDY_MS)) return;
  await lease.renew({ tidyAt: now + TIDY_SOON_MS });
  const unreadable = tellingUnreadable(ports.log, subscriptionId);
  const renewed = await renew(ports.store, subscriptionId, unreadable);
  const before = now - settings.runAgeMs;
  const old = await ports.store.runs.page(subscriptionId, { before, limit: TIDY_BATCH }, unreadable);
  let removed = 0;
  await inBatches(old, SIDE_BY_SIDE, async (run) => {
    if (await isRemoved(ports.store, run, unreadable)) removed += 1;
  });
  const forgotten = await forgetRequests(ports.store, before, unreadable);
  if (renewed + removed > 0) ports.log('tidied', { subscriptionId, removed, renewed });
  // What stays open for so long, or changed just now, is for the next hour.
  const isHistoryLeft = await forgetHistory(lease, ports.store, dayOf(now), dayOf(before), unreadable);
  const more = isHistoryLeft || [removed, renewed, forgotten].includes(TIDY_BATCH);
  if (!more) await lease.renew({ tidyAt: ports.clock.now() + TIDY_MS });
}

/**
 * Removes one run with its outcomes, the run last: what is left by a loop that was killed is found again. An outcome that
 * cannot be read stays, and is told: it may be a later program's.
 */
async function isRemoved(store: Ports['store'], old: RunRow, unreadable: ListOptions): Promise<boolean> {
  const { subscriptionId, runId } = old;
  const { runs, outcomes } = store;
  try {
    // Gone under its id already: a removal that was cut short.
    const found = (await runs.get(subscriptionId, runId)) ?? { row: old, etag: '*' };
    if (isOpen(found.row)) return false;
    for (const outcome of await ownOutcomes(store, old, 'all', unreadable)) {
      await outcomes.remove(runId, rowKey(outcome.row.vmId), outcome);
    }
    await runs.remove(subscriptionId, runId, found);
    return true;
  } catch (error) {
    if (!isConflict(error)) throw error;
    return false;
  }
}

/** Removes the rows of keys whose runs are old. Every subscription's loop does so: what is gone is no error. */
async function forgetRequests({ requests }: Ports['store'], before: number, unreadable: ListOptions): Promise<number> {
  const old = await requests.before(before, TIDY_BATCH, unreadable);
  await inBatches(old, SIDE_BY_SIDE, async (found) => {
    // Unless a new request has taken the key meanwhile.
    await requests.remove(REQUESTS, found.row.keyHash, found).catch(unlessConflict);
  });
  return old.length;
}

/** Days that are looked through at a time: an app that stood still for long has as many to make up for. */
const DAYS_AT_ONCE = 31;

/**
 * Removes what ended on days before the given one, day by day from where it was left, and VMs that have no path any more.
 * True while there is more.
 */
async function forgetHistory(
  lease: Lease,
  { history }: Ports['store'],
  today: string,
  before: string,
  unreadable: ListOptions,
): Promise<boolean> {
  const { subscriptionId, historyDay: first = today } = lease.row;
  const due = daysBetween(first, before).slice(0, -1);
  if (due.length === 0) {
    if (lease.row.historyDay === undefined) await lease.renew({ historyDay: first });
    return false;
  }
  const removeAll = (partition: string, rows: readonly Versioned<HistoryRow>[]) =>
    inBatches(rows, SIDE_BY_SIDE, (found) => history.remove(partition, rowKey(found.row.vmId), found));
  for (const day of due.slice(0, DAYS_AT_ONCE)) {
    const partition = historyPartition(subscriptionId, day);
    const rows = await history.list(partition, 'all', { ...unreadable, limit: HISTORY_BATCH });
    await removeAll(partition, rows);
    if (rows.length === HISTORY_BATCH) return true;
    await lease.renew({ historyDay: dayOf(startOf(day) + DAY_MS) });
  }
  const standing = await history.list(subscriptionId, 'all', unreadable);
  await removeAll(
    subscriptionId,
    standing.filter(({ row }) => row.day < before && row.paths.every(({ now }) => now === undefined)),
  );
  return due.length > DAYS_AT_ONCE;
}

/** Rows of an older program, as this one writes them: then they are listed, and removed in their time. */
async function renew({ runs }: Ports['store'], subscriptionId: string, unreadable: ListOptions): Promise<number> {
  const outdated = (await runs.list(subscriptionId, 'outdated', unreadable)).slice(0, TIDY_BATCH);
  await inBatches(outdated, SIDE_BY_SIDE, async ({ row, etag }) => {
    await runs.put(subscriptionId, row.runId, row, etag).catch(unlessConflict);
  });
  return outdated.length;
}
