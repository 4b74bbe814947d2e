/**
 * Where a route table leads what a subnet sends to an address of its own virtual network. Pure.
 *
 * Source: "Azure virtual network traffic routing": the longest prefix counts, among equal ones a user's route before
 * Azure's own; there is one of Azure's for each range of the address space and none for a subnet; routes that a gateway
 * learned never come before those, however long.
 */
import { addressNumber, isAddressIn } from '../model/address.ts';
import type { RouteTable, UserRoute } from '../model/surroundings.ts';

/**
 * The user's route that such a packet takes; undefined when it takes Azure's own, or the address is in no known range of
 * the network. A route to a service tag is about public addresses, and counts for none of these.
 */
export function routeTaken(
  { routes }: RouteTable,
  networkPrefixes: readonly string[],
  address: string,
): UserRoute | undefined {
  const own = longest(
    networkPrefixes.map((prefix) => ({ prefix })),
    address,
  );
  if (!own) return undefined;
  const taken = longest(routes, address);
  return taken && lengthOf(taken.prefix) >= lengthOf(own.prefix) ? taken : undefined;
}

function longest<T extends { prefix: string }>(routes: readonly T[], address: string): T | undefined {
  let best: T | undefined;
  for (const route of routes) {
    if (!contains(route.prefix, address)) continue;
    if (!best || lengthOf(route.prefix) > lengthOf(best.prefix)) best = route;
  }
  return best;
}

const PREFIX = /^([\d.]+)\/(\d{1,2})$/;
const NO_ADDRESS = addressNumber('');

function contains(prefix: string, address: string): boolean {
  const [, base = '', length = ''] = PREFIX.exec(prefix) ?? [];
  return addressNumber(base) !== NO_ADDRESS && Number(length) <= 32 && isAddressIn(address, `${base}/${length}`);
}

const lengthOf = (prefix: string): number => Number(prefix.split('/')[1]);
