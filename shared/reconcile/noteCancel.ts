/** A cancel is noted on the run's row, ahead of the lease: whichever loop reads the row next acts on it. */
import { StateError } from '../errors.ts';
import type { CancelMessage } from '../model/messages.ts';
import { isOpen } from '../model/rows.ts';
import type { Store } from '../model/store.ts';
import { isConflict } from './lease.ts';

/** A loop that works on the run writes its row a few times at most while this is tried. */
const TRIES = 20;

/**
 * Notes who cancels a run, once; false when there is nothing to cancel any more. A loop that has read the row before finds
 * it changed, and decides anew. Throws StateError; the host then delivers the message again.
 */
export async function noteCancel(
  { runs }: Pick<Store, 'runs'>,
  { subscriptionId, runId, by, at }: CancelMessage,
): Promise<boolean> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const found = await runs.get(subscriptionId, runId);
    if (!found || !isOpen(found.row)) return false;
    if (found.row.cancel) return true;
    try {
      await runs.put(subscriptionId, runId, { ...found.row, cancel: { by, at } }, found.etag);
      return true;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
  throw new StateError('STATE_CONFLICT', `The row of run ${runId} changed under every one of ${TRIES} tries.`);
}
