/** Reads a subscription's estate: four paged lists, side by side. */
import type { VirtualMachine } from '@azure/arm-compute';
import type { LoadBalancer, NetworkInterface } from '@azure/arm-network';
import type { AzureError } from '../errors.ts';
import { asAzureError } from '../errors.ts';
import type { EstateLists, ListReader, TopologyReader } from '../model/ports.ts';
import type { Topology } from '../model/topology.ts';
import type { AzureClients } from './clients.ts';
import { callAzure } from './errors.ts';
import { mapLoadBalancers } from './loadBalancer.ts';
import { mapNics } from './nic.ts';
import { Notes } from './notes.ts';
import { mapVms } from './vm.ts';

/** One list with all its pages may take this long. */
const LIST_SECONDS = 120;

/** What the SDKs' list calls give. */
interface Paged<T> {
  byPage(): AsyncIterable<T[] & { continuationToken?: string }>;
}

/** A reader that lists VMs, their run time status, NICs and load balancers side by side, two minutes each at most. */
export function createTopologyReader(clients: AzureClients): TopologyReader {
  return {
    async read(subscriptionId) {
      const lists = await listsOf(clients, subscriptionId);
      return toTopology(subscriptionId, await Promise.all(lists));
    },
  };
}

/** The same lists for whoever goes on with what could be read: each refused action is told, not the first alone. */
export function createListReader(clients: AzureClients): ListReader {
  return {
    async read(subscriptionId): Promise<EstateLists> {
      const lists = await Promise.allSettled(await listsOf(clients, subscriptionId));
      const refused = new Map<string, AzureError>();
      for (const list of lists) {
        if (list.status === 'fulfilled') continue;
        const error = asAzureError(list.reason, 'list');
        refused.set(error.action, error);
      }
      if (refused.size > 0) return { refused: [...refused.values()] };
      const read = lists.map((list) => (list as PromiseFulfilledResult<unknown>).value) as Lists;
      return { topology: toTopology(subscriptionId, read), refused: [] };
    },
  };
}

type Lists = [VirtualMachine[], VirtualMachine[], NetworkInterface[], LoadBalancer[]];

/** The four lists, under way. */
async function listsOf(clients: AzureClients, subscriptionId: string) {
  const [compute, network] = await Promise.all([clients.compute(subscriptionId), clients.network(subscriptionId)]);
  return [
    all('Microsoft.Compute/virtualMachines/read', (abortSignal) => compute.virtualMachines.listAll({ abortSignal })),
    all('Microsoft.Compute/virtualMachines/read', (abortSignal) =>
      compute.virtualMachines.listAll({ statusOnly: 'true', abortSignal }),
    ),
    all('Microsoft.Network/networkInterfaces/read', (abortSignal) =>
      network.networkInterfaces.listAll({ abortSignal }),
    ),
    all('Microsoft.Network/loadBalancers/read', (abortSignal) => network.loadBalancers.listAll({ abortSignal })),
  ] as const;
}

function toTopology(subscriptionId: string, [vms, status, nics, loadBalancers]: Lists): Topology {
  const notes = new Notes();
  return {
    subscriptionId,
    vms: mapVms(vms, status, notes),
    nics: mapNics(nics, notes),
    loadBalancers: mapLoadBalancers(loadBalancers, notes),
    notes: notes.list,
  };
}

/**
 * All pages of a list. The SDK gives the signal to the first page only, so it is looked at between pages; and it
 * follows a next link that it has followed before.
 */
function all<T>(action: string, list: (signal: AbortSignal) => Paged<T>): Promise<T[]> {
  return callAzure(action, LIST_SECONDS, async (signal) => {
    const items: T[] = [];
    const followed = new Set<string>();
    for await (const page of list(signal).byPage()) {
      items.push(...page);
      signal.throwIfAborted();
      const next = page.continuationToken;
      if (next && followed.has(next)) throw new Error('nextLink leads back to an earlier page');
      if (next) followed.add(next);
    }
    return items;
  });
}
