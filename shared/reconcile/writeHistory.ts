/** Writes what a pass adds to the history. Nothing else rests on it: what is not written now is noted by a later pass. */
import type { HistoryWrite } from '../decide/history.ts';
import { StateError } from '../errors.ts';
import { inBatches } from '../model/batches.ts';
import { type HistoryRow, historyPartition } from '../model/history.ts';
import type { Log } from '../model/steps.ts';
import { rowKey, type Store } from '../model/store.ts';
import { isConflict, unlessConflict } from './lease.ts';

const WRITES = 16;

/**
 * Puts aside what ended on an earlier day, then writes how paths stand. Throws StateError, but for a row that another
 * loop wrote first, and for one that no table takes, which is told.
 */
export async function writeHistory(
  { store, log }: { store: Pick<Store, 'history'>; log: Log },
  subscriptionId: string,
  writes: readonly HistoryWrite[],
): Promise<void> {
  await inBatches(writes, WRITES, async ({ row, aside, etag }) => {
    const put = (partition: string, what: HistoryRow, under?: string) =>
      store.history.put(partition, rowKey(what.vmId), what, under);
    try {
      // There already where a loop was killed in between: the same row.
      if (aside) await put(historyPartition(subscriptionId, aside.day), aside).catch(unlessConflict);
      await put(subscriptionId, row, etag);
    } catch (error) {
      if (isConflict(error)) return;
      if (!(error instanceof StateError) || error.code !== 'STATE_ROW_TOO_LARGE') throw error;
      const { code, message: text } = error;
      log('row-not-written', { subscriptionId, table: 'history', row: rowKey(row.vmId), code, text });
    }
  });
}
