/**
 * Virtual networks, network security groups and route tables as ARM shows them. Shapes: the spec examples
 * VirtualNetworkListAll, NetworkSecurityGroupListAll and RouteTableListAll (Microsoft.Network).
 */
import type { Estate, EstateRouteTable, EstateSecurityGroup, EstateSecurityRule } from '../../estate/estate.ts';
import { applicationGroupId, routeTableId, securityGroupId, subnetId, virtualNetworkId } from '../../estate/ids.ts';

type Shape = Record<string, unknown>;

/** The virtual network with its one subnet. */
export function networkResource(estate: Estate): Shape {
  const { name, prefix, securityGroup, routeTable } = estate.subnet;
  return {
    name: estate.virtualNetwork,
    id: virtualNetworkId(estate),
    type: 'Microsoft.Network/virtualNetworks',
    location: estate.location,
    properties: {
      provisioningState: 'Succeeded',
      addressSpace: { addressPrefixes: estate.addressSpace ?? [prefix] },
      subnets: [
        {
          name,
          id: subnetId(estate),
          type: 'Microsoft.Network/virtualNetworks/subnets',
          properties: {
            provisioningState: 'Succeeded',
            addressPrefix: prefix,
            ...(securityGroup === undefined
              ? {}
              : { networkSecurityGroup: { id: securityGroupId(estate, securityGroup) } }),
            ...(routeTable === undefined ? {} : { routeTable: { id: routeTableId(estate, routeTable) } }),
          },
        },
      ],
      virtualNetworkPeerings: (estate.peered ?? []).map((prefix, i) => peering(estate, prefix, i)),
    },
  };
}

/** Spec example VirtualNetworkPeeringList. */
function peering(estate: Estate, prefix: string, i: number): Shape {
  const name = `peering-${i}`;
  return {
    name,
    id: `${virtualNetworkId(estate)}/virtualNetworkPeerings/${name}`,
    properties: {
      allowVirtualNetworkAccess: true,
      allowForwardedTraffic: false,
      peeringState: 'Connected',
      remoteVirtualNetwork: { id: `${virtualNetworkId(estate)}-peer-${i}` },
      remoteAddressSpace: { addressPrefixes: [prefix] },
      provisioningState: 'Succeeded',
    },
  };
}

/** The rules that Azure puts into each group ("Azure network security groups overview: default security rules"). */
const DEFAULT_RULES: EstateSecurityRule[] = [
  {
    ...{ name: 'AllowVnetInBound', priority: 65_000, direction: 'Inbound', access: 'Allow' },
    ...{ source: 'VirtualNetwork', destination: 'VirtualNetwork' },
  },
  {
    ...{ name: 'AllowAzureLoadBalancerInBound', priority: 65_001, direction: 'Inbound', access: 'Allow' },
    source: 'AzureLoadBalancer',
  },
  { name: 'DenyAllInBound', priority: 65_500, direction: 'Inbound', access: 'Deny' },
  {
    ...{ name: 'AllowVnetOutBound', priority: 65_000, direction: 'Outbound', access: 'Allow' },
    ...{ source: 'VirtualNetwork', destination: 'VirtualNetwork' },
  },
  {
    ...{ name: 'AllowInternetOutBound', priority: 65_001, direction: 'Outbound', access: 'Allow' },
    destination: 'Internet',
  },
  { name: 'DenyAllOutBound', priority: 65_500, direction: 'Outbound', access: 'Deny' },
];

/** A network security group with its own rules and Azure's. */
export function securityGroupResource(estate: Estate, { name, rules }: EstateSecurityGroup): Shape {
  const id = securityGroupId(estate, name);
  return {
    name,
    id,
    type: 'Microsoft.Network/networkSecurityGroups',
    location: estate.location,
    properties: {
      provisioningState: 'Succeeded',
      securityRules: rules.map((rule) => ruleShape(estate, `${id}/securityRules/${rule.name}`, rule)),
      defaultSecurityRules: DEFAULT_RULES.map((rule) =>
        ruleShape(estate, `${id}/defaultSecurityRules/${rule.name}`, rule),
      ),
    },
  };
}

function ruleShape(estate: Estate, id: string, rule: EstateSecurityRule): Shape {
  const { sourceGroups, destinationGroups } = rule;
  const groups = (names: string[]): Shape[] => names.map((name) => ({ id: applicationGroupId(estate, name) }));
  return {
    name: rule.name,
    id,
    properties: {
      provisioningState: 'Succeeded',
      protocol: rule.protocol ?? '*',
      sourcePortRange: '*',
      destinationPortRange: rule.port ?? '*',
      ...(sourceGroups
        ? { sourceApplicationSecurityGroups: groups(sourceGroups) }
        : { sourceAddressPrefix: rule.source ?? '*' }),
      ...(destinationGroups
        ? { destinationApplicationSecurityGroups: groups(destinationGroups) }
        : { destinationAddressPrefix: rule.destination ?? '*' }),
      sourcePortRanges: [],
      destinationPortRanges: [],
      sourceAddressPrefixes: [],
      destinationAddressPrefixes: [],
      access: rule.access,
      priority: rule.priority,
      direction: rule.direction,
    },
  };
}

/** A route table with its routes. */
export function routeTableResource(estate: Estate, { name, routes }: EstateRouteTable): Shape {
  const id = routeTableId(estate, name);
  return {
    name,
    id,
    type: 'Microsoft.Network/routeTables',
    location: estate.location,
    properties: {
      provisioningState: 'Succeeded',
      disableBgpRoutePropagation: false,
      routes: routes.map((route) => ({
        name: route.name,
        id: `${id}/routes/${route.name}`,
        properties: {
          provisioningState: 'Succeeded',
          addressPrefix: route.prefix,
          nextHopType: route.hop,
          ...(route.hopAddress === undefined ? {} : { nextHopIpAddress: route.hopAddress }),
        },
      })),
    },
  };
}
