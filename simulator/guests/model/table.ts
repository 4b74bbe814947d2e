/** The routing tables as one sorted list. */
import type { Prefix } from '../ipv4.ts';
import type { Machine, Route } from './machine.ts';

export const samePrefix = (a: Prefix, b: Prefix): boolean => a.base === b.base && a.length === b.length;

/** The kernel's order of tables in a list: by the low byte of their number. */
const bucket = (table: number): number => table % 256;

/** Puts a route in its place. */
export function insert(machine: Machine, route: Route): void {
  const at = machine.routes.findIndex((other) => compare(other, route) > 0);
  machine.routes.splice(at < 0 ? machine.routes.length : at, 0, route);
}

const compare = (a: Route, b: Route): number =>
  bucket(a.table) - bucket(b.table) ||
  a.table - b.table ||
  a.prefix.base - b.prefix.base ||
  b.prefix.length - a.prefix.length ||
  a.metric - b.metric;

/** Takes away every route that is gone. */
export function removeRoutes(machine: Machine, isGone: (route: Route) => boolean): void {
  machine.routes = machine.routes.filter((route) => !isGone(route));
}
