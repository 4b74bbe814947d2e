/** What stands around members, by key: each lookup is a map access. */
import { type IdKey, idKey, parentId, shortName } from '../model/ids.ts';
import type {
  Lock,
  RouteTable,
  SecurityGroup,
  Subnet,
  Surroundings,
  VirtualNetwork,
  VmSize,
} from '../model/surroundings.ts';
import type { Vm } from '../model/topology.ts';
import type { NicIp } from './indexTopology.ts';
import { push } from './lists.ts';

/** A security group at an ip configuration, and where it stands, for a sentence: `the NIC a2 (by its subnet)`. */
export interface GroupPlace {
  group: SecurityGroup;
  where: string;
}

export interface Around {
  /** The groups that an ip configuration's packets pass: its subnet's and its NIC's. Those that were not read are missing. */
  groupsOf(place: NicIp): readonly GroupPlace[];
  /** The route table of its subnet, with the address space of its network and of those peered with it. */
  routesOf(place: NicIp): { table: RouteTable; prefixes: readonly string[] } | undefined;
  /** The ranges of its network and of those peered with it; undefined where the network was not read, or has none. */
  rangesOf(place: NicIp): readonly string[] | undefined;
  /** Locks on a resource or on what holds it. */
  locksOn(resource: IdKey): readonly Lock[];
  sizeOf(vm: Vm): VmSize | undefined;
  /** What is named and was not read: ids of subnets, security groups and route tables. */
  unseenOf(place: NicIp): Unseen;
}

/** Ids that are referred to and are in no list. */
export interface Unseen {
  networks: string[];
  securityGroups: string[];
  routeTables: string[];
}

const NONE: readonly GroupPlace[] = [];

/** Puts surroundings in order. */
export function around({ networks, securityGroups, routeTables, locks, sizes }: Surroundings): Around {
  const subnets = new Map<IdKey, { subnet: Subnet; network: VirtualNetwork }>();
  for (const network of networks) {
    for (const subnet of network.subnets) subnets.set(idKey(subnet.id), { subnet, network });
  }
  const groups = new Map(securityGroups.map((group) => [idKey(group.id), group]));
  const tables = new Map(routeTables.map((table) => [idKey(table.id), table]));
  const locksAt = new Map<IdKey, Lock[]>();
  for (const lock of locks) push(locksAt, idKey(lock.scope), lock);
  const sizeAt = new Map(sizes.map((size) => [`${size.name} ${size.location}`.toLowerCase(), size]));
  const subnetOf = ({ ip: { subnetId } }: NicIp) => (subnetId === undefined ? undefined : subnets.get(idKey(subnetId)));

  return {
    groupsOf(place) {
      const own = place.on.nic.securityGroupId;
      const subnets = subnetOf(place)?.subnet.securityGroupId;
      const bySubnet = subnets === undefined ? undefined : groups.get(idKey(subnets));
      const byNic = own === undefined ? undefined : groups.get(idKey(own));
      if (!bySubnet && !byNic) return NONE;
      const name = shortName(place.on.nic.id);
      return [
        ...(bySubnet ? [{ group: bySubnet, where: `the NIC ${name} (by its subnet)` }] : []),
        ...(byNic ? [{ group: byNic, where: `the NIC ${name} (its own group)` }] : []),
      ];
    },
    routesOf(place) {
      const found = subnetOf(place);
      const id = found?.subnet.routeTableId;
      const table = id === undefined ? undefined : tables.get(idKey(id));
      return found && table ? { table, prefixes: rangesIn(found.network) } : undefined;
    },
    rangesOf(place) {
      const found = subnetOf(place);
      return found && found.network.prefixes.length > 0 ? rangesIn(found.network) : undefined;
    },
    locksOn(resource) {
      if (locksAt.size === 0) return [];
      return scopesOf(resource).flatMap((scope) => locksAt.get(scope) ?? []);
    },
    sizeOf: ({ size, location }) => sizeAt.get(`${size} ${location}`.toLowerCase()),
    unseenOf(place) {
      const found = subnetOf(place);
      const { subnetId } = place.ip;
      const network = subnetId === undefined ? undefined : parentId(subnetId);
      const named = [found?.subnet.securityGroupId, place.on.nic.securityGroupId];
      const table = found?.subnet.routeTableId;
      return {
        networks: found || network === undefined ? [] : [network],
        securityGroups: named.flatMap((id) => (id === undefined || groups.has(idKey(id)) ? [] : [id])),
        routeTables: table === undefined || tables.has(idKey(table)) ? [] : [table],
      };
    },
  };
}

/** Azure's own routes lead to both, and the tag VirtualNetwork stands for both. */
const rangesIn = ({ prefixes, peered = [] }: VirtualNetwork): readonly string[] =>
  peered.length === 0 ? prefixes : [...prefixes, ...peered];

/** A resource and all that it is in: resource group and subscription too. */
function scopesOf(resource: IdKey): IdKey[] {
  const parts = resource.split('/');
  const scopes: IdKey[] = [];
  for (let length = 3; length <= parts.length; length += 2) scopes.push(parts.slice(0, length).join('/') as IdKey);
  return scopes;
}
