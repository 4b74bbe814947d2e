/** Network interfaces: from the SDK's models to this program's. Pure. */
import type { NetworkInterface, NetworkInterfaceIPConfiguration } from '@azure/arm-network';
import type { IpConfiguration, Nic } from '../model/topology.ts';
import { ipVersion, plainAddress, plainMac } from './address.ts';
import { idsOf, type Notes, withId } from './notes.ts';

/** The NICs of a list; odd items are noted. */
export const mapNics = (list: readonly NetworkInterface[], notes: Notes): Nic[] =>
  withId(list, 'list of NICs', notes).map((item) => mapNic(item, notes));

function mapNic(item: NetworkInterface & { id: string }, notes: Notes): Nic {
  const vmId = item.virtualMachine?.id;
  const mac = plainMac(item.macAddress);
  return {
    id: item.id,
    ...(vmId ? { vmId } : {}),
    ...(mac ? { mac } : {}),
    primary: item.primary ?? false,
    ipForwarding: item.enableIPForwarding ?? false,
    tags: item.tags ?? {},
    ipConfigurations: withId(item.ipConfigurations, item.id, notes).map((ip) => mapIpConfiguration(ip, notes)),
  };
}

function mapIpConfiguration(item: NetworkInterfaceIPConfiguration & { id: string }, notes: Notes): IpConfiguration {
  const address = plainAddress(item.privateIPAddress);
  const subnetId = item.subnet?.id;
  return {
    id: item.id,
    ...(address ? { address } : {}),
    version: ipVersion(item.privateIPAddressVersion),
    primary: item.primary ?? false,
    ...(subnetId ? { subnetId } : {}),
    poolIds: idsOf(item.loadBalancerBackendAddressPools, item.id, notes),
  };
}
