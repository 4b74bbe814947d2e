/**
 * What stands around VMs, from Azure's JSON to this program's: virtual networks with their subnets, network security
 * groups, route tables, locks, sizes. Pure. Shapes: "Virtual Networks - List All", "Network Security Groups - List All",
 * "Route Tables - List All", "Management Locks - List At Subscription Level" and "Resource Skus - List" of Azure's REST
 * reference.
 */
import { defined } from '../model/optional.ts';
import type { Lock, RouteTable, SecurityGroup, SecurityRule, VirtualNetwork, VmSize } from '../model/surroundings.ts';
import { listIn, objectOf, textIn } from './guards.ts';
import { type Item, itemsOf, type Notes } from './notes.ts';

/** Virtual networks with their subnets. */
export const mapNetworks = (list: readonly unknown[], notes: Notes): VirtualNetwork[] =>
  itemsOf(list, 'list of virtual networks', notes).map((item) => {
    const properties = item.within('properties');
    return {
      id: item.id,
      prefixes: properties.within('addressSpace').texts('addressPrefixes'),
      peered: properties.items('virtualNetworkPeerings').flatMap(peeredRanges),
      subnets: properties.items('subnets').map((subnet) => {
        const own = subnet.within('properties');
        return {
          id: subnet.id,
          ...defined({
            securityGroupId: own.reference('networkSecurityGroup'),
            routeTableId: own.reference('routeTable'),
          }),
        };
      }),
    };
  });

/** "Virtual network peering": without access to the other network its ranges are not what the tag VirtualNetwork stands for. */
function peeredRanges(item: Item): string[] {
  const properties = item.within('properties');
  const isUp = properties.word('peeringState', ['connected', 'disconnected', 'initiated']) === 'connected';
  if (!isUp || !properties.flag('allowVirtualNetworkAccess')) return [];
  return properties.within('remoteAddressSpace').texts('addressPrefixes');
}

/** Network security groups: their own rules and Azure's default ones in one order, as Azure goes through them. */
export const mapSecurityGroups = (list: readonly unknown[], notes: Notes): SecurityGroup[] =>
  itemsOf(list, 'list of network security groups', notes).map((item) => {
    const properties = item.within('properties');
    const rules = [...properties.items('securityRules'), ...properties.items('defaultSecurityRules')].map(mapRule);
    return { id: item.id, rules: rules.sort((a, b) => a.priority - b.priority) };
  });

/** A rule. One value or a list of them may be given for addresses and for ports; the one may be an empty text then. */
function mapRule(item: Item): SecurityRule {
  const properties = item.within('properties');
  const both = (one: string, several: string): string[] => {
    const single = properties.text(one);
    return [...(single === undefined ? [] : [single]), ...properties.texts(several)];
  };
  return {
    id: item.id,
    priority: properties.number('priority') ?? 0,
    direction: properties.word('direction', ['inbound', 'outbound']),
    access: properties.word('access', ['allow', 'deny']),
    protocol: properties.word('protocol', ['tcp', 'udp', 'icmp', 'esp', 'ah', '*']),
    sources: both('sourceAddressPrefix', 'sourceAddressPrefixes'),
    sourcePorts: both('sourcePortRange', 'sourcePortRanges'),
    destinations: both('destinationAddressPrefix', 'destinationAddressPrefixes'),
    destinationPorts: both('destinationPortRange', 'destinationPortRanges'),
    sourceGroups: properties.references('sourceApplicationSecurityGroups'),
    destinationGroups: properties.references('destinationApplicationSecurityGroups'),
  };
}

/** Route tables with the routes that people put into them. */
export const mapRouteTables = (list: readonly unknown[], notes: Notes): RouteTable[] =>
  itemsOf(list, 'list of route tables', notes).map((item) => ({
    id: item.id,
    routes: item
      .within('properties')
      .items('routes')
      .map((route) => {
        const properties = route.within('properties');
        return {
          id: route.id,
          prefix: properties.text('addressPrefix') ?? '',
          hop: properties.word('nextHopType', [
            'vnetlocal',
            'virtualnetworkgateway',
            'internet',
            'virtualappliance',
            'none',
          ]),
          ...defined({ hopAddress: properties.text('nextHopIpAddress') }),
        };
      }),
  }));

const LOCK_TYPE = '/providers/microsoft.authorization/locks/';

/** Locks of a subscription and of all within it; what one locks is the part of its id ahead of its own type. */
export const mapLocks = (list: readonly unknown[], notes: Notes): Lock[] =>
  itemsOf(list, 'list of locks', notes).flatMap((item) => {
    const at = item.id.toLowerCase().lastIndexOf(LOCK_TYPE);
    if (at <= 0) {
      item.note('the id of the lock does not tell what it locks, and it is left out');
      return [];
    }
    const level = item.within('properties').word('level', ['cannotdelete', 'readonly', 'notspecified']);
    return level === 'notspecified' ? [] : [{ id: item.id, scope: item.id.slice(0, at), level }];
  });

/** How many NICs each size of VM takes there; what does not say it is left out. */
export const mapSizes = (list: readonly unknown[], location: string): VmSize[] =>
  list.flatMap((value) => {
    const item = objectOf(value);
    const name = textIn(item, 'name');
    if (!name || textIn(item, 'resourceType')?.toLowerCase() !== 'virtualmachines') return [];
    const capability = listIn(item, 'capabilities')
      .map(objectOf)
      .find((one) => textIn(one, 'name') === 'MaxNetworkInterfaces');
    const nics = textIn(capability, 'value') ?? '';
    return /^\d{1,4}$/.test(nics) ? [{ name, location: location.toLowerCase(), nics: Number(nics) }] : [];
  });
