/** What is said of ids in subscriptions whose lists an estate lacks: those that are not configured, or could not be read. */
import { type Finding, finding } from '../model/findings.ts';
import { idKey, parentId } from '../model/ids.ts';
import type { ListedFinding } from '../model/path.ts';
import { type Scope, subscriptionOf } from '../model/scope.ts';
import type { Topology, Unread, Vm } from '../model/topology.ts';
import type { TopologyIndex } from './indexTopology.ts';
import { isOptedOut } from './touchable.ts';

/** Subscriptions that are not in an estate. */
export interface Absent {
  unread: readonly Unread[];
  /** The finding on an id; undefined for one in a subscription whose lists are there, and for what is no id. */
  findingOn(id: string): Finding | undefined;
}

/** Knows which subscriptions are in an estate. */
export function absentFrom({ unread = [] }: Topology, { subscriptionIds }: Scope): Absent {
  const configured = new Set(subscriptionIds.map((id) => id.toLowerCase()));
  const present = new Set<string>();
  return {
    unread,
    findingOn(id) {
      // Most ids begin alike: taken apart once.
      const start = id.slice(0, START);
      if (present.has(start)) return undefined;
      const subscription = subscriptionOf(id);
      if (subscription === '') return undefined;
      if (!configured.has(subscription)) return finding('SUBSCRIPTION_NOT_CONFIGURED', { id, subscription });
      const missing = unread.find(({ subscriptionId }) => subscriptionId === subscription);
      if (missing) return finding('SUBSCRIPTION_UNREAD', { id, subscription, why: missing.why });
      if (start.endsWith('/')) present.add(start);
      return undefined;
    },
  };
}

/** The length of `/subscriptions/{id}/`. */
const START = 52;

/**
 * What a subscription's own VMs refer to that the estate lacks: a NIC names the pools that it is in, also where their
 * load balancer lies elsewhere (learn.microsoft.com, "Cross-subscription load balancer overview").
 */
export function listAbsentPools(
  index: TopologyIndex,
  absent: Absent,
  scope: Scope,
  isOurs: (vm: Vm) => boolean,
): ListedFinding[] {
  const listed: ListedFinding[] = [];
  for (const [key, vm] of index.vms) {
    const told = new Set<string>();
    for (const { nic } of index.nicsOfVm.get(key) ?? []) {
      for (const pool of nic.ipConfigurations.flatMap(({ poolIds }) => poolIds)) {
        const found = absent.findingOn(pool);
        if (!found) continue;
        // One line per load balancer, whatever the number of its pools.
        const id = parentId(pool) ?? pool;
        if (told.has(idKey(id)) || !isOurs(vm) || isOptedOut(vm.tags, scope)) continue;
        told.add(idKey(id));
        listed.push({ id: vm.id, finding: { ...found, params: { ...found.params, id } } });
      }
    }
  }
  return listed;
}
