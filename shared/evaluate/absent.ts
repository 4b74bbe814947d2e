/** What is said of ids in subscriptions whose lists an estate lacks: those that are not configured, or could not be read. */
import { type Finding, finding } from '../model/findings.ts';
import { idKey, parentId } from '../model/ids.ts';
import type { ListedFinding } from '../model/path.ts';
import { type Scope, subscriptionOf } from '../model/scope.ts';
import type { Topology, UnreadSubscription, Vm } from '../model/topology.ts';
import type { NicPlace, TopologyIndex, VmPlace } from './indexTopology.ts';
import { isOptedOut } from './touchable.ts';

/** Subscriptions that are not in an estate. */
export interface Absent {
  unread: readonly UnreadSubscription[];
  /** The finding on an id; undefined for one in a subscription whose lists are there, and for what is no id. */
  findingOn(id: string): Finding | undefined;
}

/** Knows which subscriptions are in an estate. */
export function absentFrom({ unread = [] }: Topology, { subscriptionIds }: Scope): Absent {
  const configured = new Set(subscriptionIds.map((id) => id.toLowerCase()));
  /** How ids of subscriptions that are there begin. */
  const present: string[] = [];
  return {
    unread,
    findingOn(id) {
      // Most ids begin alike: taken apart once.
      if (present.some((start) => id.startsWith(start))) return undefined;
      const subscription = subscriptionOf(id);
      if (subscription === '') return undefined;
      if (!configured.has(subscription)) return finding('SUBSCRIPTION_NOT_CONFIGURED', { id, subscription });
      const missing = unread.find(({ subscriptionId }) => subscriptionId === subscription);
      if (missing) return finding('SUBSCRIPTION_UNREAD', { id, subscription, why: missing.why });
      const start = id.slice(0, START);
      if (start.endsWith('/')) present.push(start);
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
  const concerned = new Set<VmPlace>();
  // Nearly always none: pools that are named are fewer than the NICs that name them.
  for (const [pool, ips] of index.ipsOfPool) {
    if (absent.findingOn(pool) === undefined) continue;
    for (const { on } of ips) if (on.vm) concerned.add(on.vm);
  }
  const listed: ListedFinding[] = [];
  for (const { vm, nics } of concerned) {
    if (!vm || !isOurs(vm) || isOptedOut(vm.tags, scope)) continue;
    const told = new Set<string>();
    for (const { pool, found } of missingPools(nics, absent)) {
      // One line per load balancer, whatever the number of its pools.
      const id = parentId(pool) ?? pool;
      if (told.has(idKey(id))) continue;
      told.add(idKey(id));
      listed.push({ id: vm.id, finding: { ...found, params: { ...found.params, id } } });
    }
  }
  return listed;
}

/** The pools that a VM's NICs name and the estate lacks, with what is said of each. */
function missingPools(nics: readonly NicPlace[], absent: Absent): { pool: string; found: Finding }[] {
  const missing: { pool: string; found: Finding }[] = [];
  for (const { nic } of nics) {
    for (const { poolIds } of nic.ipConfigurations) {
      for (const pool of poolIds) {
        const found = absent.findingOn(pool);
        if (found) missing.push({ pool, found });
      }
    }
  }
  return missing;
}
