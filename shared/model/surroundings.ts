/**
 * What stands around the members of an estate and can end a packet or forbid a command: read from Azure's lists for an
 * assessment alone. The loop needs none of it.
 */
import type { IdKey } from './ids.ts';

/** The right that each list takes. */
export const SURROUNDING_ACTIONS = {
  networks: 'Microsoft.Network/virtualNetworks/read',
  securityGroups: 'Microsoft.Network/networkSecurityGroups/read',
  routeTables: 'Microsoft.Network/routeTables/read',
  locks: 'Microsoft.Authorization/locks/read',
  sizes: 'Microsoft.Compute/skus/read',
  agents: 'Microsoft.Compute/virtualMachines/instanceView/read',
} as const;

/** `unknown`: Azure's word is missing, or not known here. */
export type Maybe<T extends string> = T | 'unknown';

/** One rule of a network security group, its own or one of those that Azure puts into every group. */
export interface SecurityRule {
  id: string;
  /** Lower numbers are looked at first. 0 where Azure gave none: it may come before any other. */
  priority: number;
  direction: Maybe<'inbound' | 'outbound'>;
  access: Maybe<'allow' | 'deny'>;
  protocol: Maybe<'tcp' | 'udp' | 'icmp' | 'esp' | 'ah' | '*'>;
  /** Addresses, networks, ranges and service tags, as written. */
  sources: string[];
  sourcePorts: string[];
  destinations: string[];
  destinationPorts: string[];
  /** Ids of application security groups. */
  sourceGroups: string[];
  destinationGroups: string[];
}

export interface SecurityGroup {
  id: string;
  /** In the order of their priority. */
  rules: SecurityRule[];
}

/** A route that somebody put into a route table. */
export interface UserRoute {
  id: string;
  /** A network, or a service tag. */
  prefix: string;
  hop: Maybe<'vnetlocal' | 'virtualnetworkgateway' | 'internet' | 'virtualappliance' | 'none'>;
  hopAddress?: string;
}

export interface RouteTable {
  id: string;
  routes: UserRoute[];
}

export interface Subnet {
  id: string;
  securityGroupId?: string;
  routeTableId?: string;
}

export interface VirtualNetwork {
  id: string;
  /** Its address space. */
  prefixes: string[];
  /** The address space of networks that it is peered with and that may reach it; none where not there. */
  peered?: string[];
  subnets: Subnet[];
}

/** A management lock. */
export interface Lock {
  id: string;
  /** What it locks, with all that is within: a subscription, a resource group or a resource. */
  scope: string;
  level: Maybe<'cannotdelete' | 'readonly'>;
}

/** How many NICs a VM of a size takes in a region. */
export interface VmSize {
  name: string;
  /** Lower case. */
  location: string;
  nics: number;
}

/** The VM's agent as its instance view shows it. */
export interface AgentView {
  /** `Ready`, `Not Ready`, ... as Azure writes it; undefined when it reported nothing. */
  status?: string;
  version?: string;
}

/** All of it, of all subscriptions together. What could not be read is missing. */
export interface Surroundings {
  networks: VirtualNetwork[];
  securityGroups: SecurityGroup[];
  routeTables: RouteTable[];
  locks: Lock[];
  sizes: VmSize[];
  /** By VM key, of those that were asked. */
  agents: ReadonlyMap<IdKey, AgentView>;
}

/** Where nothing was read. */
export const NO_SURROUNDINGS: Surroundings = {
  networks: [],
  securityGroups: [],
  routeTables: [],
  locks: [],
  sizes: [],
  agents: new Map(),
};
