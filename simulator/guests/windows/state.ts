/** A modelled Windows machine: what a script run by the engine finds, and what it leaves behind. */
import { formatPrefix, gatewayOf, prefixOf } from '../ipv4.ts';

export interface WindowsAddress {
  ip: string;
  prefix: number;
  /** Only `Preferred` and `Deprecated` ones are in use. */
  state: 'Preferred' | 'Deprecated' | 'Tentative' | 'Duplicate' | 'Invalid';
}

export interface WindowsInterface {
  index: number;
  alias: string;
  /** `00-0D-3A-00-00-01`; none for the loopback interface. */
  mac?: string;
  guid: string;
  metric: number;
  weakHostSend: boolean;
  weakHostReceive: boolean;
  registersInDns: boolean;
  addresses: WindowsAddress[];
  /** False for the second adapter that accelerated networking shows: same MAC, no IP. */
  ip: boolean;
}

export interface WindowsRoute {
  store: 'active' | 'persistent';
  /** `10.0.1.100/32`. */
  prefix: string;
  index: number;
  gateway: string;
  metric: number;
}

/** A rule of the load balancer as this machine meets it, towards one of its healthy backends; several share its connects. */
export interface WindowsVip {
  ip: string;
  /** 0: every port. */
  port: number;
  /** The healthy backend: an address of this machine, another one, or none. */
  backend?: string;
  /** The port there; the same one unless said. */
  backendPort?: number;
  listening: boolean;
  /** How long a connect takes, milliseconds. */
  ms: number;
}

/** An established connection as the accepting side sees it. */
export interface WindowsConnection {
  local: string;
  localPort: number;
  remote: string;
  remotePort: number;
}

/**
 * Something that goes wrong in the n-th call (`call`; 0: in every call) of a cmdlet, of `registry` writes, of taking the
 * `lock`, or of any `change`. `user`: a local user tries to have the lock first. `after New-NetRoute` with `cut` makes all VIPs unreachable from then on.
 */
export interface WindowsFault {
  at: string;
  call: number;
  kind: 'denied' | 'missing' | 'broken' | 'lost' | 'busy' | 'user' | 'killed' | 'cut';
}

export interface WindowsState {
  interfaces: WindowsInterface[];
  routes: WindowsRoute[];
  /** Keys below HKEY_LOCAL_MACHINE, each with its strings by name. */
  registry: Record<string, Record<string, string>>;
  /** Files that a script has opened and that are there: rights by path, as SDDL. */
  files: Record<string, string>;
  vips: WindowsVip[];
  /** Those that stand before a script runs; its own are gone when it has closed them. */
  connections: WindowsConnection[];
  faults: WindowsFault[];
  /** Connects go to the real network stack, in real time. */
  realSockets: boolean;
  /** Constrained Language Mode, as an AppLocker or App Control policy sets it for scripts that it does not trust. */
  constrained: boolean;
  /** How long each cmdlet takes on the modelled clock, milliseconds. */
  cmdletMs: number;
  /** Routes and registry values that the last run touched. */
  changes: number;
}

export interface WindowsNicSpec {
  /** ARM's form, which is also that of Windows. */
  mac: string;
  addresses: { ip: string; prefix: number }[];
  alias?: string;
  /** Accelerated networking: a second adapter with the same MAC and no IP. */
  accelerated?: boolean;
}

const VERSION_KEY = 'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion';
const guid = (n: number): string => `{00000000-0000-0000-0000-${String(n).padStart(12, '0')}}`;

/** First address of a prefix and the one after it: the network and Azure's gateway. */
function network(ip: string, prefix: number): { prefix: string; gateway: string } {
  const subnet = prefixOf(ip, prefix);
  return { prefix: formatPrefix(subnet), gateway: gatewayOf(subnet) };
}

/**
 * A machine as Azure boots it: loopback, the NICs with their on-link routes, the default route through the first NIC
 * alone (Azure's DHCP gives secondary NICs no gateway), strong host model.
 */
export function windowsMachine(nics: WindowsNicSpec[], vips: WindowsVip[] = []): WindowsState {
  const bare = { weakHostSend: false, weakHostReceive: false, registersInDns: false };
  const interfaces: WindowsInterface[] = [
    {
      ...bare,
      index: 1,
      alias: 'Loopback Pseudo-Interface 1',
      guid: '',
      metric: 75,
      ip: true,
      addresses: [{ ip: '127.0.0.1', prefix: 8, state: 'Preferred' }],
    },
  ];
  const routes: WindowsRoute[] = [
    { store: 'active', prefix: '127.0.0.0/8', index: 1, gateway: '0.0.0.0', metric: 256 },
  ];
  nics.forEach((nic, position) => {
    const index = 4 + position * 3;
    const alias = nic.alias ?? (position === 0 ? 'Ethernet' : `Ethernet ${position + 1}`);
    interfaces.push({
      ...bare,
      index,
      alias,
      mac: nic.mac,
      guid: guid(index),
      metric: 10 + position * 5,
      ip: true,
      addresses: nic.addresses.map((one) => ({ ...one, state: 'Preferred' })),
    });
    if (nic.accelerated) {
      const vf = { alias: `${alias} VF`, mac: nic.mac, guid: guid(index + 1), metric: 10, ip: false, addresses: [] };
      interfaces.push({ ...bare, index: index + 1, ...vf });
    }
    nic.addresses.forEach(({ ip, prefix }, n) => {
      const subnet = network(ip, prefix);
      if (position === 0 && n === 0) {
        routes.push({ store: 'active', prefix: '0.0.0.0/0', index, gateway: subnet.gateway, metric: 0 });
      }
      if (n === 0) routes.push({ store: 'active', prefix: subnet.prefix, index, gateway: '0.0.0.0', metric: 256 });
      routes.push({ store: 'active', prefix: `${ip}/32`, index, gateway: '0.0.0.0', metric: 256 });
    });
  });
  // 14393 is Windows Server 2016.
  const registry = { [VERSION_KEY]: { CurrentBuildNumber: '14393', SystemRoot: 'C:\\Windows' } };
  return {
    interfaces,
    routes,
    registry,
    files: {},
    vips,
    connections: [],
    faults: [],
    realSockets: false,
    constrained: false,
    cmdletMs: 0,
    changes: 0,
  };
}

/**
 * The machine after a restart: of the routes that were added, those in the persistent store and no others, each
 * copied into the active store (New-NetRoute's page); routes of addresses come back by themselves; indexes may change.
 */
export function restarted(state: WindowsState, renumber: (index: number) => number = (index) => index): WindowsState {
  const next = structuredClone(state);
  const own = new Set(next.interfaces.flatMap((one) => one.addresses.map(({ ip }) => `${ip}/32`)));
  const boots = ({ prefix, store }: WindowsRoute) => store === 'active' && (own.has(prefix) || !prefix.endsWith('/32'));
  const persistent = next.routes.filter(({ store }) => store === 'persistent');
  const present = new Set(next.interfaces.map(({ index }) => index));
  const copied = persistent
    .filter(({ index }) => present.has(index))
    .map((route): WindowsRoute => ({ ...route, store: 'active' }));
  next.routes = [...next.routes.filter(boots), ...copied, ...persistent];
  for (const one of [...next.interfaces, ...next.routes]) one.index = renumber(one.index);
  return { ...next, connections: [], faults: [], changes: 0 };
}
