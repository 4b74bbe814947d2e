/** Changes of links and addresses, with the routes that the kernel adds and takes away by itself. */
import { type Prefix, parsePrefix, prefixOf, toAddress, toNumber } from '../ipv4.ts';
import { KernelError } from './errno.ts';
import { type Address, isOwn, type Link, type Machine, PROTOCOL, type Route, SCOPE, TABLE } from './machine.ts';
import { insert, removeRoutes, samePrefix } from './table.ts';

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

const subnetOf = (it: Address): Prefix => prefixOf(it.address, it.prefixLength);
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
