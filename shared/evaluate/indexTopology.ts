/** A topology by key: every lookup of evaluate is one map access, whatever letter case an id came in. */

import { compareText } from '../model/address.ts';
import { type IdKey, idKey, parentId } from '../model/ids.ts';
import type { IpConfiguration, Nic, Topology, Vm } from '../model/topology.ts';
import { push } from './lists.ts';

/** A VM with its NICs, by name. `vm` is missing where NICs name one that is not listed. */
export interface VmPlace {
  key: IdKey;
  vm?: Vm;
  nics: NicPlace[];
}

/** A NIC, and the VM that it is on: what the NIC says counts, and the VM's own list where the NIC says nothing. */
export interface NicPlace {
  key: IdKey;
  nic: Nic;
  vm?: VmPlace;
}

/** An ip configuration and the NIC that it is on. */
export interface NicIp {
  ip: IpConfiguration;
  on: NicPlace;
}

export interface TopologyIndex {
  vms: ReadonlyMap<IdKey, Vm>;
  nics: ReadonlyMap<IdKey, NicPlace>;
  /** The ip configuration of an id. Few are asked for: mostly the NIC names its pools itself. */
  ipOf(id: IdKey): NicIp | undefined;
  /** NICs on a VM, by name. */
  nicsOf(vm: IdKey): readonly NicPlace[];
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
  const vms = new Map<IdKey, Vm>();
  const places = new VmPlaces();
  for (const vm of topology.vms) {
    const key = idKey(vm.id);
    if (vms.has(key)) continue;
    vms.set(key, vm);
    places.add(key, vm);
  }
  const nics = placeNics(topology, places);
  const ips: NicIp[] = [];
  const ipsOfPool = new Map<IdKey, NicIp[]>();
  for (const place of nics.values()) {
    if (place.vm) place.vm.nics = place.vm.nics.concat(place);
    for (const ip of uniqueIps(place.nic)) {
      const here = { ip, on: place };
      ips.push(here);
      for (const pool of once(ip.poolIds)) push(ipsOfPool, pool, here);
    }
  }
  for (const { nics: list } of places) if (list.length > 1) list.sort((a, b) => compareText(a.key, b.key));

  const network = memo(networkOf);
  let byAddress: Map<string, NicIp[]> | undefined;
  let byKey: Map<IdKey, NicIp> | undefined;
  return {
    vms,
    nics,
    nicsOf: (vm) => places.get(vm)?.nics ?? [],
    ipsOfPool,
    ipOf(id) {
      byKey ??= new Map(ips.map((here) => [idKey(here.ip.id), here]));
      return byKey.get(id);
    },
    ipsAt(virtualNetwork, address) {
      byAddress ??= byPlace(ips, network);
      return byAddress.get(placeOf(virtualNetwork, address)) ?? [];
    },
    networkOf: network,
  };
}

/** Most NICs have one. */
function uniqueIps({ ipConfigurations }: Nic): readonly IpConfiguration[] {
  if (ipConfigurations.length < 2) return ipConfigurations;
  const first = new Map<IdKey, IpConfiguration>();
  for (const ip of ipConfigurations) if (!first.has(idKey(ip.id))) first.set(idKey(ip.id), ip);
  return [...first.values()];
}

/** VMs with their NICs. */
class VmPlaces {
  readonly #byKey = new Map<IdKey, VmPlace>();
  /** Most NICs write their VM's id as the list of VMs does: then no key is made. */
  readonly #asWritten = new Map<string, VmPlace>();

  add(key: IdKey, vm: Vm): void {
    const place = { key, vm, nics: [] };
    this.#byKey.set(key, place);
    this.#asWritten.set(vm.id, place);
  }

  get(key: IdKey): VmPlace | undefined {
    return this.#byKey.get(key);
  }

  /** The place of a VM; one that is not listed gets one. */
  of(id: string): VmPlace {
    const known = this.#asWritten.get(id);
    if (known) return known;
    const key = idKey(id);
    const place = this.#byKey.get(key) ?? { key, nics: [] };
    this.#byKey.set(key, place);
    this.#asWritten.set(id, place);
    return place;
  }

  [Symbol.iterator](): Iterator<VmPlace> {
    return this.#byKey.values();
  }
}

/** NICs by key. A VM that is not in `places` and that a NIC names is put there. */
function placeNics(topology: Topology, places: VmPlaces): Map<IdKey, NicPlace> {
  const nics = new Map<IdKey, NicPlace>();
  let silent = 0;
  for (const nic of topology.nics) {
    const key = idKey(nic.id);
    if (nics.has(key)) continue;
    if (nic.vmId === undefined) silent += 1;
    nics.set(key, nic.vmId === undefined ? { key, nic } : { key, nic, vm: places.of(nic.vmId) });
  }
  if (silent === 0) return nics;
  for (const place of places) {
    for (const nicKey of once(place.vm?.nicIds ?? [])) {
      const on = nics.get(nicKey);
      if (on) on.vm ??= place;
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
