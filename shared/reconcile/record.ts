/** Step 1: a signal becomes a run row. Its id makes a repeat the same run. */

import { acceptedRun } from '../model/rows.ts';
import type { Signal } from '../model/signal.ts';
import type { Store } from '../model/store.ts';
import { isConflict } from './lease.ts';

/** Writes the run's row; false when it was there already. */
export async function record(store: Pick<Store, 'runs'>, signal: Signal): Promise<boolean> {
  try {
    await store.runs.put(signal.subscriptionId, signal.runId, acceptedRun(signal));
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
}
