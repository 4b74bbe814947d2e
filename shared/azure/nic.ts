/** Network interfaces: from Azure's JSON to this program's. Pure. */
import { defined } from '../model/optional.ts';
import type { IpConfiguration, Nic } from '../model/topology.ts';
import { ipVersion, plainAddress, plainMac } from './address.ts';
import { type Item, itemsOf, type Notes } from './notes.ts';

/** The NICs of a list, as the REST API writes them; odd items are noted. */
export const mapNics = (list: readonly unknown[], notes: Notes): Nic[] =>
  itemsOf(list, 'list of NICs', notes).map(mapNic);

function mapNic(item: Item): Nic {
  const properties = item.within('properties');
  return {
    id: item.id,
    ...defined({ vmId: properties.reference('virtualMachine'), mac: plainMac(properties.text('macAddress')) }),
    primary: properties.flag('primary'),
    ipForwarding: properties.flag('enableIPForwarding'),
    ...defined({ securityGroupId: properties.reference('networkSecurityGroup') }),
    tags: item.tags(),
    ipConfigurations: properties.items('ipConfigurations').map(mapIpConfiguration),
  };
}

function mapIpConfiguration(item: Item): IpConfiguration {
  const properties = item.within('properties');
  const groups = properties.references('applicationSecurityGroups');
  return {
    id: item.id,
    ...defined({ address: plainAddress(properties.text('privateIPAddress')) }),
    version: ipVersion(properties.text('privateIPAddressVersion')),
    primary: properties.flag('primary'),
    ...defined({ subnetId: properties.reference('subnet') }),
    poolIds: properties.references('loadBalancerBackendAddressPools'),
    ...(groups.length > 0 ? { applicationGroupIds: groups } : {}),
  };
}
