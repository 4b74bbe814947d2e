/**
 * How Linux routes IPv4, for packets that a machine sends and for those that reach it. Follows the kernel's
 * net/ipv4/fib_rules.c, fib_trie.c, fib_frontend.c (fib_validate_source) and route.c (ip_route_output_key,
 * ip_route_input_slow), without multipath, TOS, marks and forwarding.
 */
import { holds, prefixOf, toNumber } from '../ipv4.ts';
import { type Errno, KernelError } from './errno.ts';
import { effective, isOwn, type Machine, type Route, type Rule, SCOPE, TABLE } from './machine.ts';

export const UNBOUND = '0.0.0.0';

export interface Flow {
  source: string;
  destination: string;
  /** `lo` for what the machine itself sends. */
  iif: string;
  /** Only routes through this device. */
  oif?: string;
  /** Only routes of at least this scope. */
  scope?: number;
}

export type Found = { route: Route; error?: undefined } | { error: Errno; route?: undefined };

const DEAD_ENDS: Partial<Record<Route['type'], Errno>> = {
  unreachable: 'EHOSTUNREACH',
  prohibit: 'EACCES',
  blackhole: 'EINVAL',
};
const RULE_ENDS: Record<Exclude<Rule['action'], 'lookup' | 'goto'>, Errno> = {
  unreachable: 'ENETUNREACH',
  prohibit: 'EACCES',
  blackhole: 'EINVAL',
};

/** Asks the rules in their order, each one's table, until a route or a dead end answers. */
export function lookup(machine: Machine, flow: Flow): Found {
  if (!machine.customRules) return lookupMerged(machine, flow);
  for (let at = 0; at < machine.rules.length; at += 1) {
    const rule = machine.rules[at];
    if (!rule || !matches(rule, flow)) continue;
    if (rule.action === 'goto') {
      // Where there is no such rule it does nothing.
      const target = machine.rules.findIndex((it) => it.pref === rule.target);
      if (target > at) at = target - 1;
      continue;
    }
    if (rule.action !== 'lookup') return { error: RULE_ENDS[rule.action] };
    const found = lookupTables(machine, [rule.table], flow);
    if (!found || (found.route && found.route.prefix.length <= (rule.suppressPrefixLength ?? -1))) continue;
    return found;
  }
  return { error: 'ENETUNREACH' };
}

/**
 * Until somebody changes a rule, the kernel keeps local and main in one table: a longer prefix of main then comes before a
 * shorter one of local.
 */
function lookupMerged(machine: Machine, flow: Flow): Found {
  const merged = [TABLE.local, TABLE.main];
  return (
    lookupTables(machine, merged, flow) ?? lookupTables(machine, [TABLE.default], flow) ?? { error: 'ENETUNREACH' }
  );
}

function matches(rule: Rule, flow: Flow): boolean {
  const hit =
    (rule.iif === undefined || rule.iif === flow.iif) &&
    holds(rule.from, toNumber(flow.source)) &&
    holds(rule.to, toNumber(flow.destination));
  return hit !== rule.not;
}

/** The longest prefix, the lowest metric of it; undefined when the tables have nothing, or say `throw`. */
export function lookupTables(machine: Machine, tables: number[], flow: Flow): Found | undefined {
  const destination = toNumber(flow.destination);
  const candidates = machine.routes
    .filter((it) => tables.includes(it.table) && holds(it.prefix, destination) && it.scope >= (flow.scope ?? 0))
    .sort((a, b) => b.prefix.length - a.prefix.length || b.table - a.table || a.metric - b.metric);
  for (const route of candidates) {
    if (route.type === 'throw') return undefined;
    const error = DEAD_ENDS[route.type];
    if (error) return { error };
    if (flow.oif === undefined || flow.oif === route.device) return { route };
  }
  return undefined;
}

/** True when the local table leads the address to the machine itself: its own addresses, and all of 127.0.0.0/8. */
export const isLocal = (machine: Machine, address: string): boolean =>
  lookupTables(machine, [TABLE.local], { source: UNBOUND, destination: address, iif: 'lo' })?.route?.type === 'local';

export interface Departure {
  source: string;
  route: Route;
  /** True for a packet that never leaves the machine. */
  local: boolean;
}

/** Where the machine sends a packet. Throws KernelError when it cannot. */
export function routeOutput(machine: Machine, source: string, destination: string): Departure {
  if (source !== UNBOUND && !isOwn(machine, source) && !isLocal(machine, source)) throw new KernelError('ENETUNREACH');
  const { route, error } = lookup(machine, { source, destination, iif: 'lo' });
  if (error !== undefined) throw new KernelError(error);
  const local = route.type === 'local';
  if (source.startsWith('127.') && !local) throw new KernelError('EINVAL');
  if (source !== UNBOUND) return { source, route, local };
  return { source: route.source ?? (local ? destination : chooseSource(machine, route)), route, local };
}

/** A source for a route that names none: the first address of its device, one in the gateway's subnet before others. */
function chooseSource(machine: Machine, route: Route): string {
  const usable = machine.addresses.filter((it) => !it.secondary && it.scope <= route.scope);
  const onDevice = usable.filter((it) => it.device === route.device);
  const { via } = route;
  const inSubnet =
    via === undefined ? undefined : onDevice.find((it) => holds(prefixOf(it.address, it.prefixLength), toNumber(via)));
  return (inSubnet ?? onDevice[0] ?? usable.find((it) => it.scope !== SCOPE.link))?.address ?? UNBOUND;
}

/**
 * A TCP connect: an unbound one is looked up twice, the second time with the source that the first one chose
 * (ip_route_connect). Throws KernelError when there is no way.
 */
export function routeConnect(machine: Machine, source: string, destination: string): Departure {
  const first = routeOutput(machine, source, destination);
  const departure = source === UNBOUND ? routeOutput(machine, first.source, destination) : first;
  if (departure.route.type === 'broadcast') throw new KernelError('ENETUNREACH');
  return departure;
}

/** True when the machine takes a packet that arrives by a device for one of its own. */
export function acceptsInput(machine: Machine, device: string, source: string, destination: string): boolean {
  const { route } = lookup(machine, { source, destination, iif: device });
  return route?.type === 'local' && isSourceValid(machine, device, source, destination);
}

/** The check for martian sources and the reverse path filter (fib_validate_source). */
function isSourceValid(machine: Machine, device: string, source: string, destination: string): boolean {
  const filter = effective(machine.rpFilter, device);
  const acceptLocal = effective(machine.acceptLocal, device) > 0;
  if (filter === 0 && acceptLocal) return true;
  if (filter === 0 && !machine.customRules && !machine.customLocalRoutes) return !isOwn(machine, source);
  // The way back is looked up as the machine's own packet: a rule with `iif lo` takes part.
  const back = { source: destination, destination: source, iif: 'lo' };
  const { route } = lookup(machine, back);
  if (!route) return filter === 0;
  if (route.type !== 'unicast' && !(route.type === 'local' && acceptLocal)) return false;
  if (route.device === device) return true;
  const hasAddress = machine.addresses.some((it) => it.device === device);
  if (!hasAddress) return filter === 0;
  return filter !== 1;
}
