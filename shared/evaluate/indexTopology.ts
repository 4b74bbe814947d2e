/** A topology by key: every lookup of evaluate is one map access, whatever letter case an id came in. */

import { compareText } from '../model/address.ts';
import { type IdKey, idKey, parentId } from '../model/ids.ts';
import type { IpConfiguration, Nic, Topology, Vm } from '../model/topology.ts';
import { push } from './push.ts';

/** A NIC, and the VM that it is on: what the NIC says counts, and the VM's own list where the NIC says nothing. */
export interface NicPlace {
  key: IdKey;
  nic: Nic;
  vmKey?: IdKey;
}

/** An ip configuration and the NIC that it is on. */
export interface NicIp {
  key: IdKey;
  ip: IpConfiguration;
  on: NicPlace;
}

export interface TopologyIndex {
  vms: ReadonlyMap<IdKey, Vm>;
  nics: ReadonlyMap<IdKey, NicPlace>;
  /** The ip configuration of an id. Few are asked for: mostly the NIC names its pools itself. */
  ipOf(id: IdKey): NicIp | undefined;
  /** NICs on a VM, by name. */
  nicsOfVm: ReadonlyMap<IdKey, readonly NicPlace[]>;
  /** Ip configurations that name a pool themselves, by the pool. */
  ipsOfPool: ReadonlyMap<IdKey, readonly NicIp[]>;
  /** The ip configurations with an address in a virtual network. Few pools are asked for by address. */
  ipsAt(network: IdKey, address: string): readonly NicIp[];
  /** {@link networkOf}, told once for each subnet: there are few, and every address asks. */
  networkOf(subnetId: string | undefined): IdKey | undefined;
}

/** The virtual network of a subnet; undefined when the subnet is not known. */
export function networkOf(subnetId: string | undefined): IdKey | undefined {
  const network = subnetId === undefined ? undefined : parentId(subnetId);
  return network === undefined ? undefined : idKey(network);
}

/** Indexes a topology. Of resources listed twice (a page boundary moved between two reads) the first counts. */
export function indexTopology(topology: Topology): TopologyIndex {
  const vms = vmsByKey(topology);
  const nics = placeNics(topology, vms);
  const ips: NicIp[] = [];
  const ipsOfPool = new Map<IdKey, NicIp[]>();
  const nicsOfVm = new Map<IdKey, NicPlace[]>();
  for (const place of nics.values()) {
    if (place.vmKey !== undefined) push(nicsOfVm, place.vmKey, place);
    for (const ip of uniqueIps(place.nic)) {
      const here = { key: idKey(ip.id), ip, on: place };
      ips.push(here);
      for (const pool of once(ip.poolIds)) push(ipsOfPool, pool, here);
    }
  }
  for (const list of nicsOfVm.values()) if (list.length > 1) list.sort((a, b) => compareText(a.key, b.key));

  const network = memo(networkOf);
  let places: Map<string, NicIp[]> | undefined;
  let byKey: Map<IdKey, NicIp> | undefined;
  return {
    vms,
    nics,
    nicsOfVm,
    ipsOfPool,
    ipOf(id) {
      byKey ??= new Map(ips.map((here) => [here.key, here]));
      return byKey.get(id);
    },
    ipsAt(virtualNetwork, address) {
      places ??= byPlace(ips, network);
      return places.get(placeOf(virtualNetwork, address)) ?? [];
    },
    networkOf: network,
  };
}

/** Most NICs have one. */
function uniqueIps({ ipConfigurations }: Nic): readonly IpConfiguration[] {
  if (ipConfigurations.length < 2) return ipConfigurations;
  // The first counts: what is set later stays.
  return [...new Map(ipConfigurations.toReversed().map((ip) => [idKey(ip.id), ip])).values()].reverse();
}

function vmsByKey({ vms }: Topology): Map<IdKey, Vm> {
  const map = new Map<IdKey, Vm>();
  for (const vm of vms) {
    const key = idKey(vm.id);
    if (!map.has(key)) map.set(key, vm);
  }
  return map;
}

function placeNics(topology: Topology, vms: ReadonlyMap<IdKey, Vm>): Map<IdKey, NicPlace> {
  const nics = new Map<IdKey, NicPlace>();
  let silent = 0;
  for (const nic of topology.nics) {
    const key = idKey(nic.id);
    if (nics.has(key)) continue;
    if (nic.vmId === undefined) silent += 1;
    nics.set(key, nic.vmId === undefined ? { key, nic } : { key, nic, vmKey: idKey(nic.vmId) });
  }
  if (silent === 0) return nics;
  for (const [vmKey, vm] of vms) {
    for (const nicKey of once(vm.nicIds)) {
      const place = nics.get(nicKey);
      if (place) place.vmKey ??= vmKey;
    }
  }
  return nics;
}

/** An address is only an address within its virtual network. */
const placeOf = (network: IdKey, address: string): string => `${network} ${address}`;

function byPlace(ips: Iterable<NicIp>, network: TopologyIndex['networkOf']): Map<string, NicIp[]> {
  const map = new Map<string, NicIp[]>();
  for (const here of ips) {
    const { address, subnetId } = here.ip;
    const there = address === undefined ? undefined : network(subnetId);
    if (there !== undefined && address !== undefined) push(map, placeOf(there, address), here);
  }
  return map;
}

function memo<K, V>(make: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined || made.has(key)) return known as V;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}

/** Each key once; most lists name one thing. */
function once(ids: readonly string[]): Iterable<IdKey> {
  const keys = ids.map(idKey);
  return keys.length > 1 ? new Set(keys) : keys;
}

/** Orders resources by key. */
export const byId = (a: { id: string }, b: { id: string }): number => compareText(idKey(a.id), idKey(b.id));
