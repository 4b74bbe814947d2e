/** The outcomes of a run in one subscription. */
import { isWithin } from '../model/ids.ts';
import type { OutcomeRow, RunRow } from '../model/rows.ts';
import type { ListOptions, Store, Versioned } from '../model/store.ts';

/**
 * Reads the outcomes that one subscription's loop answers for. A run by hand may name several: they share its id, and so
 * the partition, and another one's VMs are neither to be judged, nor counted, nor removed here. Throws StateError.
 */
export async function ownOutcomes(
  { outcomes }: Pick<Store, 'outcomes'>,
  { runId, subscriptionId }: Pick<RunRow, 'runId' | 'subscriptionId'>,
  filter: 'all' | 'open' = 'all',
  options: ListOptions = {},
): Promise<Versioned<OutcomeRow>[]> {
  const found = await outcomes.list(runId, filter, options);
  return found.filter(({ row }) => isWithin(row.vmId, `/subscriptions/${subscriptionId}`));
}
