/** Reads a subscription's estate: four paged lists, side by side. */
import { type AzureError, asAzureError } from '../errors.ts';
import type { EstateLists, ListReader, TopologyReader } from '../model/ports.ts';
import type { Topology } from '../model/topology.ts';
import type { AzureClients } from './clients.ts';
import { callAzure } from './errors.ts';
import { COMPUTE_VERSION, getPages, NETWORK_VERSION, type Piped, urlOf } from './get.ts';
import { mapLoadBalancers } from './loadBalancer.ts';
import { mapNics } from './nic.ts';
import { Notes } from './notes.ts';
import { mapVms } from './vm.ts';

/** One list with all its pages may take this long. */
const LIST_SECONDS = 120;

/** A reader that lists VMs, their run time status, NICs and load balancers side by side, two minutes each at most. */
export function createTopologyReader(clients: AzureClients): TopologyReader {
  return {
    async read(subscriptionId, given) {
      const lists = (await readLists(clients, subscriptionId, given)).map((list) => {
        if (list.status === 'rejected') throw list.reason;
        return list.value;
      });
      return toTopology(subscriptionId, lists);
    },
  };
}

/** The same lists for whoever goes on with what could be read: each refused action is told, not the first alone. */
export function createListReader(clients: AzureClients): ListReader {
  return {
    async read(subscriptionId): Promise<EstateLists> {
      const refused = new Map<string, AzureError>();
      const lists = (await readLists(clients, subscriptionId)).map((list) => {
        if (list.status === 'fulfilled') return list.value;
        const error = asAzureError(list.reason, 'list');
        refused.set(error.action, error);
        return [];
      });
      if (refused.size > 0) return { refused: [...refused.values()] };
      return { topology: toTopology(subscriptionId, lists), refused: [] };
    },
  };
}

/** The four lists. All are waited for, so that what is told of several that fail is the same each time. */
async function readLists(
  clients: AzureClients,
  subscriptionId: string,
  given?: AbortSignal,
): Promise<PromiseSettledResult<unknown[]>[]> {
  const [compute, network] = await Promise.all([clients.compute(subscriptionId), clients.network(subscriptionId)]);
  const list = (client: Piped, type: string, query: string): Promise<unknown[]> => {
    const first = urlOf(clients.endpoint, ['subscriptions', subscriptionId, 'providers', ...type.split('/')], query);
    const action = `${type}/read`;
    return callAzure(
      action,
      LIST_SECONDS,
      (signal) => getPages(client, clients.endpoint, first, action, signal),
      given,
    );
  };
  const vmQuery = `api-version=${COMPUTE_VERSION}`;
  const netQuery = `api-version=${NETWORK_VERSION}`;
  return Promise.allSettled([
    list(compute, 'Microsoft.Compute/virtualMachines', vmQuery),
    list(compute, 'Microsoft.Compute/virtualMachines', `${vmQuery}&statusOnly=true`),
    list(network, 'Microsoft.Network/networkInterfaces', netQuery),
    list(network, 'Microsoft.Network/loadBalancers', netQuery),
  ]);
}

function toTopology(subscriptionId: string, lists: readonly unknown[][]): Topology {
  const [vms = [], status = [], nics = [], loadBalancers = []] = lists;
  const notes = new Notes();
  return {
    subscriptionId,
    vms: mapVms(vms, status, notes),
    nics: mapNics(nics, notes),
    loadBalancers: mapLoadBalancers(loadBalancers, notes),
    notes: notes.list,
  };
}
