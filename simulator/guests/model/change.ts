/** Changes of links, addresses, routes and rules, with what the kernel adds and takes away by itself. */
import { type Prefix, parsePrefix, toAddress, toNumber } from '../ipv4.ts';
import { KernelError } from './errno.ts';
import {
  type Address,
  isOwn,
  type Link,
  type Machine,
  PROTOCOL,
  type Route,
  type Rule,
  SCOPE,
  TABLE,
} from './machine.ts';
import { isLocal, lookup, lookupTables, UNBOUND } from './route.ts';

const samePrefix = (a: Prefix, b: Prefix): boolean => a.base === b.base && a.length === b.length;

/** The kernel's order of tables in a list: by the low byte of their number. */
const bucket = (table: number): number => table % 256;

function insert(machine: Machine, route: Route): void {
  const at = machine.routes.findIndex((other) => compare(other, route) > 0);
  machine.routes.splice(at < 0 ? machine.routes.length : at, 0, route);
}

const compare = (a: Route, b: Route): number =>
  bucket(a.table) - bucket(b.table) ||
  a.table - b.table ||
  a.prefix.base - b.prefix.base ||
  b.prefix.length - a.prefix.length ||
  a.metric - b.metric;

function removeRoutes(machine: Machine, isGone: (route: Route) => boolean): void {
  machine.routes = machine.routes.filter((route) => !isGone(route));
}

// ----- links

/** Takes a link up: the routes that its addresses bring come back, those that somebody added do not. */
export function setLinkUp(machine: Machine, link: Link): void {
  if (link.up) return;
  link.up = true;
  // The kernel gives lo its address by itself.
  if (link.name === 'lo' && !machine.addresses.some((it) => it.device === 'lo'))
    return addAddress(machine, link, {
      address: '127.0.0.1',
      prefixLength: 8,
      noPrefixRoute: false,
      scope: SCOPE.host,
    });
  for (const address of machine.addresses.filter((it) => it.device === link.name))
    addAddressRoutes(machine, link, address);
}

/** Takes a link down: every route through it goes, but its addresses stay the machine's own. */
export function setLinkDown(machine: Machine, link: Link): void {
  if (!link.up) return;
  link.up = false;
  removeRoutes(machine, (it) => it.device === link.name && !(it.type === 'local' && it.scope === SCOPE.host));
}

// ----- addresses

const subnetOf = (it: Address): Prefix => parsePrefix(`${it.address}/${it.prefixLength}`);
const broadcastOf = (it: Address): string => toAddress(subnetOf(it).base + 2 ** (32 - it.prefixLength) - 1);

/** The first address of the same subnet on the device: the source of what a secondary one brings. */
const primaryOf = (machine: Machine, it: Address): Address =>
  machine.addresses.find(
    (other) => other.device === it.device && !other.secondary && samePrefix(subnetOf(other), subnetOf(it)),
  ) ?? it;

function kernelRoute(fields: Pick<Route, 'type' | 'prefix' | 'device' | 'source' | 'scope' | 'table'>): Route {
  return { ...fields, metric: 0, protocol: PROTOCOL.kernel } as Route;
}

function addKernelRoute(machine: Machine, route: Route): void {
  const twin = machine.routes.some(
    (it) =>
      it.table === route.table &&
      it.device === route.device &&
      it.type === route.type &&
      samePrefix(it.prefix, route.prefix) &&
      it.metric === route.metric &&
      it.source === route.source,
  );
  if (!twin) insert(machine, route);
}

function addAddressRoutes(machine: Machine, link: Link, address: Address): void {
  const source = primaryOf(machine, address).address;
  const device = link.name;
  const own = parsePrefix(address.address);
  addKernelRoute(
    machine,
    kernelRoute({ type: 'local', prefix: own, device, source, scope: SCOPE.host, table: TABLE.local }),
  );
  if (!link.up || address.secondary) return;
  const subnet = subnetOf(address);
  if (!address.noPrefixRoute && address.prefixLength < 32) {
    const loopback = device === 'lo';
    const [type, scope, table] = loopback
      ? (['local', SCOPE.host, TABLE.local] as const)
      : (['unicast', SCOPE.link, TABLE.main] as const);
    addKernelRoute(machine, kernelRoute({ type, prefix: subnet, device, source, scope, table }));
  }
  if (address.prefixLength < 31) {
    const prefix = parsePrefix(broadcastOf(address));
    addKernelRoute(
      machine,
      kernelRoute({ type: 'broadcast', prefix, device, source, scope: SCOPE.link, table: TABLE.local }),
    );
  }
}

/** Adds an address to a device. */
export function addAddress(machine: Machine, link: Link, fields: Omit<Address, 'device' | 'secondary'>): void {
  const address: Address = { ...fields, device: link.name, secondary: false };
  const peers = machine.addresses.filter(
    (it) =>
      it.device === link.name &&
      it.prefixLength === address.prefixLength &&
      samePrefix(subnetOf(it), subnetOf(address)),
  );
  if (peers.some((it) => it.address === address.address))
    throw new KernelError('EEXIST', 'ipv4: Address already assigned.');
  address.secondary = peers.length > 0;
  machine.addresses.push(address);
  addAddressRoutes(machine, link, address);
}

/** Takes an address from a device, its secondaries with it, and every route that cannot be without it. */
export function deleteAddress(machine: Machine, link: Link, prefix: string): void {
  const address = machine.addresses.find(
    (it) => it.device === link.name && `${it.address}/${it.prefixLength}` === prefix,
  );
  if (!address) throw new KernelError('EADDRNOTAVAIL', 'ipv4: Address not found.');
  const doomed = address.secondary
    ? [address]
    : machine.addresses.filter(
        (it) =>
          it === address || (it.device === link.name && it.secondary && samePrefix(subnetOf(it), subnetOf(address))),
      );
  machine.addresses = machine.addresses.filter((it) => !doomed.includes(it));
  for (const gone of doomed) dropAddressRoutes(machine, link, gone);
  if (machine.addresses.some((it) => it.device === link.name)) return;
  removeRoutes(machine, (it) => it.device === link.name);
}

function dropAddressRoutes(machine: Machine, link: Link, gone: Address): void {
  const device = link.name;
  const isKernels = (it: Route) => it.protocol === PROTOCOL.kernel && it.device === device && it.metric === 0;
  const still = machine.addresses.filter((it) => it.device === device && samePrefix(subnetOf(it), subnetOf(gone)));
  removeRoutes(
    machine,
    (it) =>
      isKernels(it) && it.type === 'local' && it.prefix.length === 32 && toAddress(it.prefix.base) === gone.address,
  );
  if (still.length === 0) {
    const broadcast = toNumber(broadcastOf(gone));
    removeRoutes(
      machine,
      (it) =>
        isKernels(it) &&
        ((it.type === 'broadcast' && it.prefix.base === broadcast) ||
          (!gone.noPrefixRoute && samePrefix(it.prefix, subnetOf(gone)))),
    );
  }
  // Routes of the main table that send from the address go; those of other tables stay, and fail.
  if (!isOwn(machine, gone.address))
    removeRoutes(machine, (it) => it.table === TABLE.main && it.source === gone.address);
}

// ----- routes

/** Checks what the kernel checks of a new route. */
function checkRoute(machine: Machine, route: Route): void {
  if (route.device !== undefined) {
    const link = machine.links.find((it) => it.name === route.device);
    if (!link?.up && route.via === undefined && route.type !== 'local')
      throw new KernelError('ENETDOWN', 'Device for nexthop is not up.');
  }
  if (route.via !== undefined) route.device = gatewayDevice(machine, route, route.via);
  if (route.source !== undefined && !isLocal(machine, route.source))
    throw new KernelError('EINVAL', 'Invalid prefsrc address.');
}

/** The device by which a route's gateway is a neighbour. */
function gatewayDevice(machine: Machine, route: Route, via: string): string {
  const flow = {
    source: UNBOUND,
    destination: via,
    iif: 'lo',
    scope: SCOPE.link,
    ...(route.device !== undefined && { oif: route.device }),
  };
  const own = route.table === TABLE.main ? undefined : lookupTables(machine, [route.table], flow);
  const found = own?.route ?? lookup(machine, flow).route;
  if (found?.device === undefined || (found.type !== 'unicast' && found.type !== 'local'))
    throw new KernelError('EINVAL', 'Nexthop has invalid gateway.');
  if (!machine.links.find((it) => it.name === found.device)?.up)
    throw new KernelError('ENETDOWN', 'Nexthop device is not up.');
  return found.device;
}

/** Adds a route; `replace` takes the place of one with the same table, destination and metric. */
export function addRoute(machine: Machine, route: Route, how: 'add' | 'replace' | 'append'): void {
  machine.tables.add(route.table);
  checkRoute(machine, route);
  const rival = machine.routes.find(
    (it) => it.table === route.table && samePrefix(it.prefix, route.prefix) && it.metric === route.metric,
  );
  if (rival && how === 'add') throw new KernelError('EEXIST');
  if (route.type === 'local') machine.customLocalRoutes = true;
  if (rival && how === 'replace') machine.routes[machine.routes.indexOf(rival)] = route;
  else insert(machine, route);
}

export type RoutePattern = Partial<Omit<Route, 'prefix' | 'table'>> & Pick<Route, 'prefix' | 'table'>;

/** Takes away the first route that has all that is named. */
export function deleteRoute(machine: Machine, pattern: RoutePattern): void {
  const found = machine.routes.find((it) => isLike(it, pattern));
  if (!found) throw new KernelError('ESRCH');
  machine.routes.splice(machine.routes.indexOf(found), 1);
}

const isLike = (route: Route, { prefix, ...rest }: RoutePattern): boolean =>
  samePrefix(route.prefix, prefix) &&
  (Object.keys(rest) as (keyof typeof rest)[]).every(
    (key) => (key === 'metric' && rest.metric === 0) || route[key] === rest[key],
  );

// ----- rules

/**
 * Whether the kernel takes a new rule for one that is there: what the new one leaves open fits everything, and `not` is
 * not looked at (rule_exists, fib4_rule_compare).
 */
const isTakenFor = (old: Rule, rule: Rule): boolean =>
  (['pref', 'action', 'table', 'iif', 'protocol', 'suppressPrefixLength'] as const).every(
    (key) => old[key] === rule[key],
  ) && (['from', 'to'] as const).every((key) => rule[key].length === 0 || samePrefix(old[key], rule[key]));

/** Adds a rule behind those with its preference; without one it gets the second rule's less one. */
export function addRule(machine: Machine, fields: Omit<Rule, 'pref'> & { pref: number | undefined }): void {
  const second = machine.rules[1]?.pref ?? 0;
  const rule: Rule = { ...fields, pref: fields.pref ?? Math.max(second - 1, 0) };
  if (machine.rules.some((it) => isTakenFor(it, rule))) throw new KernelError('EEXIST');
  const at = machine.rules.findIndex((it) => it.pref > rule.pref);
  machine.rules.splice(at < 0 ? machine.rules.length : at, 0, rule);
  machine.customRules = true;
}

/** Takes away the first rule that has all that is named: `lookup local` alone also fits a rule with a condition. */
export function deleteRule(machine: Machine, pattern: Partial<Rule>): void {
  const named = (Object.keys(pattern) as (keyof Rule)[]).filter((key) => pattern[key] !== undefined);
  const fits = (rule: Rule): boolean =>
    named.every((key) =>
      key === 'from' || key === 'to' ? samePrefix(rule[key], pattern[key] ?? rule[key]) : rule[key] === pattern[key],
    );
  const at = machine.rules.findIndex(fits);
  if (at < 0) throw new KernelError('ENOENT');
  machine.rules.splice(at, 1);
  machine.customRules = true;
}
