/** A topology by key: every lookup of evaluate is one map access, whatever letter case an id came in. */
import { type IdKey, idKey, parentId } from '../model/ids.ts';
import type { IpConfiguration, Nic, Topology, Vm } from '../model/topology.ts';
import { compareText } from './address.ts';

/** An ip configuration and the NIC that it is on. */
export interface NicIp {
  nic: Nic;
  ip: IpConfiguration;
}

export interface TopologyIndex {
  vms: ReadonlyMap<IdKey, Vm>;
  nics: ReadonlyMap<IdKey, Nic>;
  ips: ReadonlyMap<IdKey, NicIp>;
  /** NICs on a VM, by name: what the NIC says of its VM counts, and the VM's own list where the NIC says nothing. */
  nicsOfVm: ReadonlyMap<IdKey, readonly Nic[]>;
  /** VMs by NICs that do not say themselves where they are. */
  vmOfNic: ReadonlyMap<IdKey, Vm>;
  /** Ip configurations that name a pool themselves, by the pool. */
  ipsOfPool: ReadonlyMap<IdKey, readonly NicIp[]>;
  /** Ip configurations by {@link placeOf}. */
  ipsAt: ReadonlyMap<string, readonly NicIp[]>;
}

/** An address is only an address within its virtual network. */
export const placeOf = (network: IdKey, address: string): string => `${network} ${address}`;

/** The virtual network of a subnet; undefined when the subnet is not known. */
export function networkOf(subnetId: string | undefined): IdKey | undefined {
  const network = subnetId === undefined ? undefined : parentId(subnetId);
  return network === undefined ? undefined : idKey(network);
}

/** Indexes a topology. Of resources listed twice (a page boundary moved between two reads) the first counts. */
export function indexTopology(topology: Topology): TopologyIndex {
  const vms = byKey(topology.vms);
  const nics = byKey(topology.nics);
  const ips = new Map<IdKey, NicIp>();
  const ipsOfPool = new Map<IdKey, NicIp[]>();
  const ipsAt = new Map<string, NicIp[]>();
  const nicsOfVm = new Map<IdKey, Nic[]>();
  const vmOfNic = new Map<IdKey, Vm>();

  for (const nic of nics.values()) {
    if (nic.vmId !== undefined) push(nicsOfVm, idKey(nic.vmId), nic);
    for (const ip of nic.ipConfigurations) {
      const here = { nic, ip };
      if (ips.has(idKey(ip.id))) continue;
      ips.set(idKey(ip.id), here);
      for (const pool of new Set(ip.poolIds.map(idKey))) push(ipsOfPool, pool, here);
      const network = networkOf(ip.subnetId);
      if (network && ip.address !== undefined) push(ipsAt, placeOf(network, ip.address), here);
    }
  }
  for (const [vmKey, vm] of vms) {
    for (const nicKey of new Set(vm.nicIds.map(idKey))) {
      const nic = nics.get(nicKey);
      if (!nic || nic.vmId !== undefined || vmOfNic.has(nicKey)) continue;
      vmOfNic.set(nicKey, vm);
      push(nicsOfVm, vmKey, nic);
    }
  }
  for (const list of nicsOfVm.values()) list.sort(byId);
  return { vms, nics, ips, nicsOfVm, vmOfNic, ipsOfPool, ipsAt };
}

/** Orders resources by key. */
export const byId = (a: { id: string }, b: { id: string }): number => compareText(idKey(a.id), idKey(b.id));

function byKey<T extends { id: string }>(items: readonly T[]): Map<IdKey, T> {
  const map = new Map<IdKey, T>();
  for (const item of items) {
    const key = idKey(item.id);
    if (!map.has(key)) map.set(key, item);
  }
  return map;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
