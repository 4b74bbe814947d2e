/** The state of a Linux guest's IPv4 stack, as far as routing needs it. Changed by addresses.ts, routes.ts and rules.ts, read by route.ts. */

import type { Prefix } from '../ipv4.ts';
import type { LayoutGuest, LayoutNic } from '../layout.ts';

export interface Link {
  name: string;
  index: number;
  mac: string;
  up: boolean;
  /** Undefined for lo. */
  nic?: LayoutNic;
}

export interface Address {
  device: string;
  address: string;
  prefixLength: number;
  /** Added with `noprefixroute`. */
  noPrefixRoute: boolean;
  /** Another address of the device has the same subnet and came first. */
  secondary: boolean;
  scope: number;
}

export type RouteType = 'unicast' | 'local' | 'broadcast' | 'unreachable' | 'prohibit' | 'blackhole' | 'throw';

export interface Route {
  table: number;
  type: RouteType;
  prefix: Prefix;
  via?: string;
  /** Undefined for types that lead nowhere. */
  device?: string;
  source?: string;
  metric: number;
  protocol: number;
  scope: number;
}

export interface Rule {
  pref: number;
  not: boolean;
  /** Length 0: all. 0.0.0.0/32 stands for a socket that is not bound. */
  from: Prefix;
  to: Prefix;
  iif?: string;
  action: 'lookup' | 'goto' | 'unreachable' | 'prohibit' | 'blackhole';
  /** 0 for other actions than lookup. */
  table: number;
  /** Of `goto`: the preference of the rule to go on with, a later one. */
  target?: number;
  protocol: number;
  suppressPrefixLength?: number;
}

/** Kernel's numbers (rtnetlink.h). */
export const TABLE = { default: 253, main: 254, local: 255 } as const;
export const SCOPE = { universe: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;
export const PROTOCOL = { unspec: 0, kernel: 2, boot: 3, static: 4, dhcp: 16 } as const;

export interface Machine {
  readonly vm: string;
  links: Link[];
  addresses: Address[];
  /** By table, then destination, longer prefixes first, then metric: the order in which lookups and lists see them. */
  routes: Route[];
  /** Tables that were ever written to: a list of any other one is refused. */
  tables: Set<number>;
  rules: Rule[];
  /** By device, and `all` and `default`. The larger of `all` and the device's own counts. */
  rpFilter: Map<string, number>;
  acceptLocal: Map<string, number>;
  /** Set by the first change of a rule, for good: from then on tables are looked up one by one. */
  customRules: boolean;
  /** The same for a local route that somebody added. */
  customLocalRoutes: boolean;
}

const ANY: Prefix = { base: 0, length: 0 };
const kernelRule = (pref: number, table: number): Rule => ({
  pref,
  not: false,
  from: ANY,
  to: ANY,
  action: 'lookup',
  table,
  protocol: PROTOCOL.kernel,
});

/** A machine with its links down and nothing configured, as the kernel starts it. */
export function newMachine(guest: LayoutGuest): Machine {
  const devices = guest.nics.map((nic) => nic.device);
  const settings = (value: number) => new Map(['all', 'default', 'lo', ...devices].map((name) => [name, value]));
  return {
    vm: guest.vm,
    links: [
      { name: 'lo', index: 1, mac: '00:00:00:00:00:00', up: false },
      ...guest.nics.map((nic, i) => ({ name: nic.device, index: i + 2, mac: nic.mac, up: false, nic })),
    ],
    addresses: [],
    routes: [],
    tables: new Set([TABLE.local, TABLE.main]),
    rules: [kernelRule(0, TABLE.local), kernelRule(32766, TABLE.main), kernelRule(32767, TABLE.default)],
    rpFilter: settings(guest.rpFilter),
    acceptLocal: settings(0),
    customRules: false,
    customLocalRoutes: false,
  };
}

/** The value of a setting that counts for a device. */
export const effective = (setting: Map<string, number>, device: string): number =>
  Math.max(setting.get('all') ?? 0, setting.get(device) ?? 0);

export const findLink = (machine: Machine, name: string): Link | undefined =>
  machine.links.find((link) => link.name === name);

/** True when the address is one of the machine's own, on whatever device. */
export const isOwn = (machine: Machine, address: string): boolean =>
  machine.addresses.some((it) => it.address === address);
