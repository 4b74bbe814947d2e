/** The members of a frontend: VMs with a NIC ip configuration in one of its pools, by either kind of pool. */

import { compareText } from '../model/address.ts';
import { finding } from '../model/findings.ts';
import { type IdKey, idKey, parentId, parseResourceId } from '../model/ids.ts';
import type { ListedFinding } from '../model/path.ts';
import type { Pool, Rule } from '../model/topology.ts';
import type { Absent } from './absent.ts';
import type { FrontendInPlay } from './frontends.ts';
import { byId, type NicIp, type TopologyIndex, type VmPlace } from './indexTopology.ts';
import { distinct, passing, trimmed } from './lists.ts';

/** A VM behind a frontend. */
export interface Member {
  key: IdKey;
  /** As the VM list writes it, or as the NIC does where the list lacks the VM. */
  vmId: string;
  /** Its number among the frontend's members, from 0. */
  at: number;
  /** The VM and its NICs. */
  place: VmPlace;
  /** Its ip configurations in the frontend's pools, the one that stands for the member first. */
  ips: [NicIp, ...NicIp[]];
  /** The rules that lead to it. */
  rules: readonly Rule[];
  /** Where its rules do not all lead to all of these: those that each rule leads to, in their order. */
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
  const poolIps = new Map<IdKey, readonly NicIp[]>();
  const ipsOf = (poolId: string): readonly NicIp[] => {
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

  const groups = groupsOf(frontend.rules, ipsOf);
  const byVm = new Map<IdKey, Member>();
  for (const { rules, ips } of groups) {
    for (const here of ips) {
      const place = here.on.vm;
      if (!place) continue;
      const { key } = place;
      const member = byVm.get(key);
      if (!member) {
        const vmId = place.vm?.id ?? here.on.nic.vmId ?? key;
        byVm.set(key, { key, vmId, at: 0, place, ips: [here], rules });
        continue;
      }
      // A VM has few addresses, and a group's come one after another.
      if (!member.ips.includes(here)) member.ips.push(here);
      if (rules[0] && !member.rules.includes(rules[0])) member.rules = member.rules.concat(rules);
    }
  }

  const [firstUnused, ...more] = unused.length > 1 ? new Set(unused) : unused;
  // Pools are filled ahead of the VMs that are to have the addresses: one line, whatever their number.
  if (firstUnused !== undefined) dangling(more.length > 0 ? `${firstUnused} and ${more.length} more` : firstUnused);

  const members = trimmed([...byVm.values()]).sort((a, b) => compareText(a.key, b.key));
  members.forEach((member, at) => {
    member.at = at;
    if (groups.length > 1) {
      const own = new Set(member.rules);
      member.rules = frontend.rules.filter((rule) => own.has(rule));
    }
    if (member.ips.length === 1) return;
    member.ips.sort(byPrecedence);
    if (groups.length > 1) member.ipsOfRule = tellApart(member, groups);
  });
  return { members, listed, isCut };
}

/** Rules that lead to the same pools, and the ip configurations in these. */
interface Group {
  rules: readonly Rule[];
  ips: readonly NicIp[];
  has(ip: NicIp): boolean;
}

/** Mostly all rules of a frontend lead to the same pools. */
function groupsOf(rules: readonly Rule[], ipsOf: (poolId: string) => readonly NicIp[]): Group[] {
  const group = (alike: readonly Rule[]): Group => {
    const ips = ipsInAny(alike[0]?.poolIds ?? [], ipsOf);
    let set: Set<NicIp> | undefined;
    return {
      rules: alike,
      ips,
      has(ip) {
        set ??= new Set(ips);
        return set.has(ip);
      },
    };
  };
  const [first] = rules;
  if (rules.every(({ poolIds }) => sameTexts(poolIds, first?.poolIds ?? []))) return [group(rules)];
  return [...Map.groupBy(rules, ({ poolIds }) => poolIds.map(idKey).join(' ')).values()].map(group);
}

const sameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, i) => text === b[i]);

function ipsInAny(poolIds: readonly string[], ipsOf: (poolId: string) => readonly NicIp[]): readonly NicIp[] {
  const [only] = poolIds;
  if (only !== undefined && poolIds.length === 1) return ipsOf(only);
  return distinct(poolIds.flatMap(ipsOf));
}

/** Of a member's addresses those that each of its rules leads to. */
function tellApart({ ips, rules }: Member, groups: readonly Group[]): ReadonlyMap<Rule, readonly NicIp[]> {
  const own = new Set(rules);
  const ipsOfRule = new Map<Rule, readonly NicIp[]>();
  for (const group of groups) {
    const behind = ips.filter((ip) => group.has(ip));
    for (const rule of group.rules) if (own.has(rule)) ipsOfRule.set(rule, behind);
  }
  return ipsOfRule;
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
): readonly NicIp[] {
  const { ipConfigurationIds: ids = [], addresses = [] } = pool ?? {};
  const named = passing(index.ipsOfPool.get(key) ?? [], isIpv4);
  // Mostly the NICs have named the pool themselves, in the same letters: then there is nothing to look up.
  if (addresses.length === 0 && named.length <= FEW && ids.every((id) => named.some(({ ip }) => ip.id === id))) {
    return named;
  }
  const found = new Set(named);
  const add = (here: NicIp) => {
    if (isIpv4(here)) found.add(here);
  };
  for (const id of ids) {
    const here = index.ipOf(idKey(id));
    if (here) add(here);
    else missing(id);
  }
  for (const { address, virtualNetworkId, subnetId } of addresses) {
    const network =
      virtualNetworkId === undefined
        ? (index.networkOf(subnetId) ?? index.networkOf(frontend.frontend.subnetId))
        : idKey(virtualNetworkId);
    const here = network === undefined ? [] : index.ipsAt(network, address);
    if (here.length === 0) unused.push(address);
    for (const one of here) add(one);
  }
  return [...found];
}

/** Up to so many a look through all of them is faster than a key. */
const FEW = 8;

const isIpv4 = ({ ip }: NicIp): boolean => ip.version === 'IPv4';

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
