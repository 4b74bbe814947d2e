/** Network interfaces: from the SDK's models to this program's. Pure. */
import type { NetworkInterface, NetworkInterfaceIPConfiguration } from '@azure/arm-network';
import { defined } from '../model/optional.ts';
import type { IpConfiguration, Nic } from '../model/topology.ts';
import { ipVersion, plainAddress, plainMac } from './address.ts';
import { idsOf, type Notes, withId } from './notes.ts';

/** The NICs of a list; odd items are noted. */
export const mapNics = (list: readonly NetworkInterface[], notes: Notes): Nic[] =>
  withId(list, 'list of NICs', notes).map((item) => mapNic(item, notes));

function mapNic(item: NetworkInterface & { id: string }, notes: Notes): Nic {
  return {
    id: item.id,
    ...defined({ vmId: item.virtualMachine?.id || undefined, mac: plainMac(item.macAddress) }),
    primary: item.primary ?? false,
    ipForwarding: item.enableIPForwarding ?? false,
    tags: item.tags ?? {},
    ipConfigurations: withId(item.ipConfigurations, item.id, notes).map((ip) => mapIpConfiguration(ip, notes)),
  };
}

function mapIpConfiguration(item: NetworkInterfaceIPConfiguration & { id: string }, notes: Notes): IpConfiguration {
  return {
    id: item.id,
    ...defined({ address: plainAddress(item.privateIPAddress) }),
    version: ipVersion(item.privateIPAddressVersion),
    primary: item.primary ?? false,
    ...defined({ subnetId: item.subnet?.id || undefined }),
    poolIds: idsOf(item.loadBalancerBackendAddressPools, item.id, notes),
  };
}
