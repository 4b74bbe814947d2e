/** The members of a frontend: VMs with a NIC ip configuration in one of its pools, by either kind of pool. */
import { finding } from '../model/findings.ts';
import { type IdKey, idKey, parentId, parseResourceId } from '../model/ids.ts';
import type { ListedFinding } from '../model/path.ts';
import type { Pool, Rule } from '../model/topology.ts';
import { compareText } from './address.ts';
import type { FrontendInPlay } from './frontends.ts';
import { type NicIp, networkOf, placeOf, type TopologyIndex } from './indexTopology.ts';

/** A VM behind a frontend. */
export interface Member {
  key: IdKey;
  /** As the VM list writes it, or as the NIC does where the list lacks the VM. */
  vmId: string;
  /** Its ip configurations in the frontend's pools, the one that stands for the member first. */
  ips: [NicIp, ...NicIp[]];
  /** The rules that lead to it. */
  rules: Rule[];
}

export interface Membership {
  /** By VM key. */
  members: Member[];
  /** NICs with an ip configuration in any of the frontend's pools. */
  nicKeys: ReadonlySet<IdKey>;
  /** References that lead nowhere, and instances of scale sets, whose NICs Azure lists elsewhere. */
  listed: ListedFinding[];
}

/**
 * Finds a frontend's members. A NIC-based pool counts in both directions: the pool names the ip configuration, or
 * the ip configuration names the pool (the two lists are read at different times). An address-based pool counts by
 * address within the same virtual network. IPv6 configurations are no members of an IPv4 frontend, and neither is
 * a NIC on no VM.
 *
 * A VM with several ip configurations in the pools is one member, and one of them stands for it: of its primary
 * NIC first, then the NIC's primary ip configuration, then by id. That choice must not depend on health, or the
 * plan would change with every failover.
 */
export function membersOf(frontend: FrontendInPlay, index: TopologyIndex): Membership {
  const listed: ListedFinding[] = [];
  const pools = new Map(frontend.loadBalancer.pools.map((pool) => [idKey(pool.id), pool]));
  const byVm = new Map<IdKey, { vmId: string; ips: Map<IdKey, NicIp>; rules: Set<Rule> }>();
  const nicKeys = new Set<IdKey>();

  const dangling = (id: string) => {
    const scaleSet = scaleSetInstance(id);
    listed.push(
      scaleSet
        ? { id: scaleSet, finding: finding('SCALE_SET_INSTANCE') }
        : { id: frontend.frontend.id, finding: finding('DANGLING_REFERENCE', { vip: frontend.vip, id }) },
    );
  };
  const poolIps = new Map<IdKey, NicIp[]>();
  const ipsOf = (poolId: string): NicIp[] => {
    const key = idKey(poolId);
    let ips = poolIps.get(key);
    if (!ips) {
      ips = ipsIn(key, pools.get(key), frontend, index, dangling);
      if (!pools.has(key)) dangling(poolId);
      poolIps.set(key, ips);
    }
    return ips;
  };

  for (const rule of frontend.rules) {
    for (const { nic, ip } of rule.poolIds.flatMap(ipsOf)) {
      nicKeys.add(idKey(nic.id));
      const vmId = nic.vmId ?? index.vmOfNic.get(idKey(nic.id))?.id;
      if (vmId === undefined) continue;
      const key = idKey(vmId);
      const member = byVm.get(key) ?? { vmId: index.vms.get(key)?.id ?? vmId, ips: new Map(), rules: new Set() };
      member.ips.set(idKey(ip.id), { nic, ip });
      member.rules.add(rule);
      byVm.set(key, member);
    }
  }

  const members: Member[] = [];
  for (const [key, { vmId, ips, rules }] of byVm) {
    const [first, ...rest] = [...ips.values()].sort(byPrecedence);
    if (first) members.push({ key, vmId, ips: [first, ...rest], rules: [...rules] });
  }
  members.sort((a, b) => compareText(a.key, b.key));
  return { members, nicKeys, listed };
}

/** IPv4 configurations in a pool. `missing` is told every reference that Azure does not list. */
function ipsIn(
  key: IdKey,
  pool: Pool | undefined,
  frontend: FrontendInPlay,
  index: TopologyIndex,
  missing: (id: string) => void,
): NicIp[] {
  const found = [...(index.ipsOfPool.get(key) ?? [])];
  for (const id of pool?.ipConfigurationIds ?? []) {
    const here = index.ips.get(idKey(id));
    if (here) found.push(here);
    else missing(id);
  }
  for (const { address, virtualNetworkId, subnetId } of pool?.addresses ?? []) {
    const network = virtualNetworkId === undefined ? undefined : idKey(virtualNetworkId);
    const place = network ?? networkOf(subnetId) ?? networkOf(frontend.frontend.subnetId);
    const here = place === undefined ? undefined : index.ipsAt.get(placeOf(place, address));
    if (here) found.push(...here);
    else missing(address);
  }
  return found.filter(({ ip }) => ip.version === 'IPv4');
}

/** The instance's id when an ip configuration belongs to a uniform scale set. */
function scaleSetInstance(id: string): string | undefined {
  if (!parseResourceId(id)?.type.startsWith('microsoft.compute/virtualmachinescalesets/')) return undefined;
  const nic = parentId(id);
  return (nic && parentId(nic)) ?? id;
}

const byPrecedence = (a: NicIp, b: NicIp): number =>
  Number(b.nic.primary) - Number(a.nic.primary) ||
  Number(b.ip.primary) - Number(a.ip.primary) ||
  compareText(idKey(a.ip.id), idKey(b.ip.id));
