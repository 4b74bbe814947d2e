/** Reads a subscription's estate: four paged lists, side by side. */
import type { TopologyReader } from '../model/ports.ts';
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
    async read(subscriptionId, given) {
      const [compute, network] = await Promise.all([clients.compute(subscriptionId), clients.network(subscriptionId)]);
      const notes = new Notes();
      const all = <T>(action: string, list: (signal: AbortSignal) => Paged<T>) => allPages(action, list, given);
      const [vms, status, nics, loadBalancers] = await Promise.all([
        all('Microsoft.Compute/virtualMachines/read', (abortSignal) =>
          compute.virtualMachines.listAll({ abortSignal }),
        ),
        all('Microsoft.Compute/virtualMachines/read', (abortSignal) =>
          compute.virtualMachines.listAll({ statusOnly: 'true', abortSignal }),
        ),
        all('Microsoft.Network/networkInterfaces/read', (abortSignal) =>
          network.networkInterfaces.listAll({ abortSignal }),
        ),
        all('Microsoft.Network/loadBalancers/read', (abortSignal) => network.loadBalancers.listAll({ abortSignal })),
      ]);
      return {
        subscriptionId,
        vms: mapVms(vms, status, notes),
        nics: mapNics(nics, notes),
        loadBalancers: mapLoadBalancers(loadBalancers, notes),
        notes: notes.list,
      };
    },
  };
}

/**
 * All pages of a list. The SDK gives the signal to the first page only, so it is looked at between pages; and it
 * follows a next link that it has followed before.
 */
function allPages<T>(
  action: string,
  list: (signal: AbortSignal) => Paged<T>,
  given: AbortSignal | undefined,
): Promise<T[]> {
  const read = async (signal: AbortSignal) => {
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
  };
  return callAzure(action, LIST_SECONDS, read, given);
}
