/** Reads what stands around VMs: paged lists of a subscription, each for itself. */
import { type AzureError, asAzureError } from '../errors.ts';
import type { ListAnswer, SurroundingsReader } from '../model/ports.ts';
import { SURROUNDING_ACTIONS } from '../model/surroundings.ts';
import type { AzureClients } from './clients.ts';
import { callAzure } from './errors.ts';
import { getPages, NETWORK_VERSION, urlOf } from './get.ts';
import { Notes } from './notes.ts';
import { mapLocks, mapNetworks, mapRouteTables, mapSecurityGroups, mapSizes } from './surroundings.ts';

/** One list with all its pages may take this long. */
const LIST_SECONDS = 60;
/** "Management Locks" of the Azure Resource Manager reference. */
const LOCKS_VERSION = '2016-09-01';
/** What @azure/arm-compute 25 asks resource SKUs with. */
const SKUS_VERSION = '2021-07-01';

/** A reader that loads and calls nothing before it is asked. None of its lists throws: each tells who refused it. */
export function createSurroundingsReader(clients: AzureClients): SurroundingsReader {
  const list = async <T>(
    subscriptionId: string,
    action: string,
    query: string,
    map: (items: unknown[], notes: Notes) => T[],
  ): Promise<ListAnswer<T>> => {
    const notes = new Notes();
    const type = action.replace(/\/read$/, '');
    try {
      // Any client's pipeline brings the sign-in, the retries and the limits.
      const client = await clients.network(subscriptionId);
      const first = urlOf(clients.endpoint, ['subscriptions', subscriptionId, 'providers', ...type.split('/')], query);
      const items = await callAzure(action, LIST_SECONDS, (signal) =>
        getPages(client, clients.endpoint, first, action, signal),
      );
      return { items: map(items, notes), notes: notes.list };
    } catch (error) {
      return { refused: asAzureError(error, action) satisfies AzureError, items: [], notes: [] };
    }
  };
  const network = `api-version=${NETWORK_VERSION}`;
  return {
    networks: (id) => list(id, SURROUNDING_ACTIONS.networks, network, mapNetworks),
    securityGroups: (id) => list(id, SURROUNDING_ACTIONS.securityGroups, network, mapSecurityGroups),
    routeTables: (id) => list(id, SURROUNDING_ACTIONS.routeTables, network, mapRouteTables),
    locks: (id) => list(id, SURROUNDING_ACTIONS.locks, `api-version=${LOCKS_VERSION}`, mapLocks),
    sizes: (id, location) => {
      const filter = encodeURIComponent(`location eq '${location.replace(/[^a-z0-9]/gi, '')}'`);
      return list(id, SURROUNDING_ACTIONS.sizes, `api-version=${SKUS_VERSION}&$filter=${filter}`, (items) =>
        mapSizes(items, location),
      );
    },
  };
}
