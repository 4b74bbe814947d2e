/** Routes added and taken away on request, with what the kernel checks of them. */
import { KernelError } from './errno.ts';
import { type Machine, type Route, SCOPE, TABLE } from './machine.ts';
import { isLocal, lookup, lookupTables, UNBOUND } from './route.ts';
import { insert, samePrefix } from './table.ts';

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
