/** The members of a frontend: VMs with a NIC ip configuration in one of its pools, by either kind of pool. */

import { compareText } from '../model/address.ts';
import { finding } from '../model/findings.ts';
import { type IdKey, idKey, parentId, parseResourceId } from '../model/ids.ts';
import type { ListedFinding } from '../model/path.ts';
import type { Pool, Rule } from '../model/topology.ts';
import type { Absent } from './absent.ts';
import type { FrontendInPlay } from './frontends.ts';
import { byId, type NicIp, type TopologyIndex, type VmPlace } from './indexTopology.ts';

/** A VM behind a frontend. */
export interface Member {
  key: IdKey;
  /** As the VM list writes it, or as the NIC does where the list lacks the VM. */
  vmId: string;
  /** The VM and its NICs. */
  place: VmPlace;
  /** Its ip configurations in the frontend's pools, the one that stands for the member first. */
  ips: [NicIp, ...NicIp[]];
  /** The rules that lead to it. */
  rules: Rule[];
  /** With several ip configurations: those that each rule leads to, in their order. */
  ipsOfRule?: ReadonlyMap<Rule, readonly NicIp[]>;
}

export interface Membership {
  /** By VM key. */
  members: Member[];
  /** References that lead nowhere, and instances of scale sets, whose NICs Azure lists elsewhere. */
  listed: ListedFinding[];
  /** True when a reference leads into a subscription whose lists could not be read, or may do. */
  isCut: boolean;
}

/**
 * Finds a frontend's members. A NIC-based pool counts in both directions: the pool names the ip configuration, or
 * the ip configuration names the pool (the two lists are read at different times). An address-based pool counts by
 * address within the same virtual network. IPv6 configurations are no members of an IPv4 frontend, and neither is
 * a NIC on no VM.
 *
 * A VM with several ip configurations in the pools is one member: the load balancer translates to each of them. They
 * are in an order that does not depend on health, or the plan would change with every failover: those of its primary
 * NIC first, then each NIC's primary ip configuration, then by id.
 */
export function membersOf(frontend: FrontendInPlay, index: TopologyIndex, absent: Absent): Membership {
  const listed: ListedFinding[] = [];
  const byVm = new Map<IdKey, Member>();
  let isCut = false;
  const dangling = (id: string) => {
    const elsewhere = absent.findingOn(id);
    if (elsewhere?.code === 'SUBSCRIPTION_UNREAD' || (absent.unread.length > 0 && !id.startsWith('/'))) isCut = true;
    const scaleSet = elsewhere ? undefined : scaleSetInstance(id);
    listed.push(
      scaleSet
        ? { id: scaleSet, finding: finding('SCALE_SET_INSTANCE') }
        : {
            id: frontend.frontend.id,
            finding: elsewhere ?? finding('DANGLING_REFERENCE', { vip: frontend.vip, id }),
          },
    );
  };
  const unused: string[] = [];
  const poolIps = new Map<IdKey, Set<NicIp>>();
  const ipsOf = (poolId: string): Set<NicIp> => {
    const key = idKey(poolId);
    let ips = poolIps.get(key);
    if (!ips) {
      const pool = frontend.pools.get(poolId);
      ips = ipsIn(key, pool, frontend, index, dangling, unused);
      if (!pool) dangling(poolId);
      poolIps.set(key, ips);
    }
    return ips;
  };

  for (const rule of frontend.rules) {
    for (const poolId of rule.poolIds) {
      for (const here of ipsOf(poolId)) {
        const place = here.on.vm;
        if (!place) continue;
        const { key } = place;
        const member = byVm.get(key);
        if (!member) {
          const vmId = place.vm?.id ?? here.on.nic.vmId ?? key;
          byVm.set(key, { key, vmId, place, ips: [here], rules: [rule] });
          continue;
        }
        // A VM has few addresses, and a rule's come one after another.
        if (!member.ips.includes(here)) member.ips.push(here);
        if (member.rules.at(-1) !== rule) member.rules.push(rule);
      }
    }
  }

  const [firstUnused, ...more] = unused.length > 1 ? new Set(unused) : unused;
  // Pools are filled ahead of the VMs that are to have the addresses: one line, whatever their number.
  if (firstUnused !== undefined) dangling(more.length > 0 ? `${firstUnused} and ${more.length} more` : firstUnused);

  const leadsTo = (rule: Rule, ip: NicIp) => rule.poolIds.some((id) => poolIps.get(idKey(id))?.has(ip));
  const members = [...byVm.values()].sort((a, b) => compareText(a.key, b.key));
  for (const member of members) {
    const { ips, rules } = member;
    if (ips.length === 1) continue;
    ips.sort(byPrecedence);
    member.ipsOfRule = new Map(rules.map((rule) => [rule, ips.filter((ip) => leadsTo(rule, ip))]));
  }
  return { members, listed, isCut };
}

/**
 * IPv4 configurations in a pool. `missing` is told every ip configuration that Azure does not list; `unused` gets the
 * addresses that no NIC has.
 */
function ipsIn(
  key: IdKey,
  pool: Pool | undefined,
  frontend: FrontendInPlay,
  index: TopologyIndex,
  missing: (id: string) => void,
  unused: string[],
): Set<NicIp> {
  const found = new Set<NicIp>();
  const add = (here: NicIp) => {
    if (here.ip.version === 'IPv4') found.add(here);
  };
  for (const here of index.ipsOfPool.get(key) ?? []) add(here);
  for (const id of pool?.ipConfigurationIds ?? []) {
    // Mostly the NIC has named the pool in the same letters: then there is nothing to look up.
    if (found.size <= FEW && hasSame(found, id)) continue;
    const here = index.ipOf(idKey(id));
    if (here) add(here);
    else missing(id);
  }
  for (const { address, virtualNetworkId, subnetId } of pool?.addresses ?? []) {
    const named = virtualNetworkId === undefined ? undefined : idKey(virtualNetworkId);
    const network = named ?? index.networkOf(subnetId) ?? index.networkOf(frontend.frontend.subnetId);
    const here = network === undefined ? [] : index.ipsAt(network, address);
    if (here.length === 0) unused.push(address);
    for (const one of here) add(one);
  }
  return found;
}

/** Up to so many a look through all of them is faster than a key. */
const FEW = 8;

function hasSame(found: ReadonlySet<NicIp>, id: string): boolean {
  for (const { ip } of found) if (ip.id === id) return true;
  return false;
}

/** The instance's id when an ip configuration belongs to a uniform scale set. */
function scaleSetInstance(id: string): string | undefined {
  if (!parseResourceId(id)?.type.startsWith('microsoft.compute/virtualmachinescalesets/')) return undefined;
  const nic = parentId(id);
  return (nic && parentId(nic)) ?? id;
}

const byPrecedence = (a: NicIp, b: NicIp): number =>
  Number(b.on.nic.primary) - Number(a.on.nic.primary) ||
  Number(b.ip.primary) - Number(a.ip.primary) ||
  byId(a.ip, b.ip);
