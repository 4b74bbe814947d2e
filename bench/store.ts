/** The state that a bench works on: Azure's tables, in an Azurite of its own. */
import type { Store } from '../shared/model/store.ts';
import { openTables } from '../shared/state/tables.ts';
import { startAzurite } from '../simulator/storage/azurite.ts';

/** Runs the work with an empty store, and ends what holds it. */
export async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const azurite = await startAzurite();
  try {
    return await work(openTables({ kind: 'connectionString', connectionString: azurite.connectionString }));
  } finally {
    await azurite.stop();
  }
}
