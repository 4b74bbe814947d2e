/** Work over many items, some of them side by side. */

/** Queries of the store side by side, one per open run: a storm's runs all at once would open a connection each. */
export const READS = 32;
/** Calls to Azure that are made side by side. */
export const CALLS = 10;

/**
 * Runs work over items with at most `width` at a time. When one fails nothing more is begun, and the whole rejects with
 * the first failure once all that was begun has ended: whoever goes on then meets nothing still under way.
 */
export async function inBatches<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const failures: unknown[] = [];
  const worker = async () => {
    for (const item of queue) {
      if (failures.length > 0) return;
      try {
        await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
}
