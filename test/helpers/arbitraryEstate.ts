/**
 * Random estates: sound ones, the same in other letter case and order, and broken ones.
 * Long: one small language for tests, read as a whole.
 */
import fc from 'fast-check';
import { type IdKey, idKey } from '../../shared/model/ids.ts';
import type { Scope } from '../../shared/model/scope.ts';
import type {
  BackendHealth,
  FrontendHealth,
  FrontendIp,
  HealthMap,
  LoadBalancer,
  Nic,
  Pool,
  Probe,
  Rule,
  Topology,
  Vm,
} from '../../shared/model/topology.ts';
import { seededRandom } from '../../simulator/eventgrid/random.ts';
import {
  backend,
  ipId,
  lbId,
  MIRROR_PROBE,
  macOf,
  NOW,
  networkId,
  nicId,
  OPT_OUT,
  PORT,
  SCOPE,
  SUBSCRIPTION,
  subnetId,
  VIA,
  vmId,
} from './estate.ts';

export interface World {
  topology: Topology;
  health: HealthMap;
  scope: Scope;
}

/** What a random world is made from: a failure shows these numbers, and shrinks to few VMs. */
export interface Draw {
  seed: number;
  vms: number;
}

/** Draws of worlds with up to four VMs. */
export const draws: fc.Arbitrary<Draw> = fc.noBias(fc.record({ seed: fc.nat(), vms: fc.nat(4) }));

/** Choices from a seed. */
class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** A number from 0 to below `sides`. */
  roll(sides: number): number {
    return (this.#random() * 2 ** 32) % sides;
  }

  /** One of the values. */
  pick<T>(...values: readonly T[]): T {
    return values[this.roll(values.length)] as T;
  }

  /** Nearly always the first value. */
  odd<T>(usual: T, ...odd: readonly T[]): T {
    return this.roll(12) === 0 ? this.pick(...odd) : usual;
  }

  some<T>(values: readonly T[]): T[] {
    return values.filter(() => this.roll(3) > 0);
  }

  shuffle<T>(values: readonly T[]): T[] {
    const left = [...values];
    return values.flatMap(() => left.splice(this.roll(left.length), 1));
  }
}

type Tags = Record<string, string>;

/** Estates as Azure could list them: ids lead somewhere, addresses are unique in their network. */
export function worldOf({ seed, vms: size }: Draw): World {
  const g = new Dice(seed);
  const names = Array.from({ length: size }, (_, i) => `v${i}`);
  const nics = names.flatMap((name) => nicsOf(g, name));
  const vms = names.map(
    (name): Vm => ({
      id: vmId(name),
      location: 'westeurope',
      os: g.odd(g.pick('linux', 'windows'), 'unknown'),
      power: g.odd('running', 'deallocated', 'starting', 'unknown'),
      nicIds: nics.filter((nic) => nic.vmId === vmId(name)).map(({ id }) => id),
      tags: g.odd<Tags>({}, OPT_OUT),
      ...g.odd({}, { scaleSetId: vmId('set') }),
    }),
  );
  const loadBalancers = Array.from({ length: g.pick(1, 2, 3) }, (_, i) => loadBalancerOf(g, i, nics));
  const topology = { subscriptionId: SUBSCRIPTION, vms, nics, loadBalancers, notes: [] };
  const within = g.odd([], [vmId('v0')]);
  return { topology, health: healthFor(g, topology), scope: { ...SCOPE, within } };
}

function nicsOf(g: Dice, vm: string): Nic[] {
  const number = Number(vm.slice(1));
  return Array.from({ length: g.odd(g.pick(2, 3), 1) }, (_, i): Nic => {
    const name = `${vm}${i}`;
    const addresses = Array.from({ length: g.odd(1, 2) }, (_, k) => `10.0.${number}.${10 + i * 10 + k}`);
    return {
      id: nicId(name),
      vmId: vmId(vm),
      ...g.odd<Partial<Nic>>({ mac: macOf(name) }, {}),
      primary: i === 0,
      ipForwarding: false,
      tags: g.odd<Tags>({}, VIA, OPT_OUT),
      ipConfigurations: addresses.map((address, k) => ({
        id: ipId(`${name}/${k + 1}`),
        ...g.odd<{ address?: string }>({ address }, {}),
        version: 'IPv4',
        primary: k === 0,
        subnetId: subnetId(g.odd('vnet/default', 'vnet/other')),
        poolIds: [],
      })),
    };
  });
}

/** A load balancer; it writes into the NICs that name its pools themselves. */
function loadBalancerOf(g: Dice, i: number, nics: Nic[]): LoadBalancer {
  const id = lbId(`lb${i}`);
  const probes: Probe[] = [
    { id: `${id}/probes/mirror`, ...MIRROR_PROBE },
    { id: `${id}/probes/tcp`, protocol: 'tcp', port: 1972, intervalSeconds: 5, threshold: 2 },
  ];
  const pools = Array.from({ length: g.pick(1, 2) }, (_, k) => poolOf(g, `${id}/backendAddressPools/p${k}`, nics));
  const frontends = Array.from({ length: g.pick(1, 2, 3) }, (_, k): FrontendIp => {
    const kind = g.odd('internal', 'public', 'IPv6');
    const frontend = { id: `${id}/frontendIPConfigurations/f${k}`, version: 'IPv4' as const };
    if (kind === 'public') return frontend;
    if (kind === 'IPv6') return { ...frontend, version: 'IPv6', address: `fd00::${i}${k}`, subnetId: subnetId() };
    return { ...frontend, address: `10.0.9.${i * 10 + k + 1}`, subnetId: subnetId() };
  });
  const rules = frontends.flatMap((frontend, k) =>
    Array.from({ length: g.odd(g.pick(1, 1, 2), 0, 3) }, (_, n): Rule => {
      const protocol = g.odd<Rule['protocol']>('tcp', 'udp', 'all', 'unknown');
      const port = protocol === 'all' ? 0 : g.odd(g.pick(1972, 1973, 51773), 443, 6661, 7001);
      return {
        id: `${id}/loadBalancingRules/r${k}${n}`,
        frontendId: frontend.id,
        poolIds: g.some(pools.map((pool) => pool.id)),
        ...probeOf(probes[g.odd(0, 1, 2)]),
        protocol,
        frontendPort: port,
        backendPort: g.odd(port, 1972),
        floatingIp: g.odd(false, true),
      };
    }),
  );
  const sku = g.odd('Standard', 'Basic');
  return { id, sku, tags: g.odd<Tags>({}, PORT('7001'), OPT_OUT), frontends, rules, probes, pools };
}

const probeOf = (probe: Probe | undefined) => (probe ? { probeId: probe.id } : {});

/** A pool, mostly of each VM's first NIC, by one of the three ways. */
function poolOf(g: Dice, id: string, nics: Nic[]): Pool {
  const pool: Pool = { id, ipConfigurationIds: [], addresses: [] };
  for (const nic of nics) {
    for (const [k, ip] of nic.ipConfigurations.entries()) {
      if (!(nic.primary && k === 0 ? g.odd(true, false) : g.odd(false, true))) continue;
      const how = g.pick('pool', 'nic', 'both', 'address');
      if (how === 'pool' || how === 'both') pool.ipConfigurationIds.push(ip.id);
      if (how === 'nic' || how === 'both') ip.poolIds.push(id);
      if (how === 'address' && ip.address) pool.addresses.push({ address: ip.address, virtualNetworkId: networkId() });
    }
  }
  return pool;
}

function healthFor(g: Dice, { loadBalancers, nics }: Topology): HealthMap {
  const ips = nics.flatMap((nic) => nic.ipConfigurations);
  const all = loadBalancers.flatMap(({ frontends }) => frontends);
  return new Map(
    all.map(({ id }): [IdKey, FrontendHealth] => {
      const backends = g.some(ips).map(({ id, address = '' }): BackendHealth => {
        const reason = g.pick(undefined, undefined, undefined, 'Up_Admin', 'Down_Admin', 'Up_Probe_AllDownIsUp');
        return backend(address, g.pick(true, false, false), g.pick(id, undefined), reason);
      });
      return [idKey(id), { frontendId: id, state: g.pick('known', 'known', 'unknown'), backends, at: NOW }];
    }),
  );
}

/** The same world with every id in other letter case and every list in another order. */
export function disguised(world: World, { seed }: Draw): World {
  const g = new Dice(seed + 1);
  const health = [...world.health].map(([key, one]) => [key, disguise(g, one)] as const);
  return {
    topology: disguise(g, world.topology),
    health: new Map(health),
    scope: { ...world.scope, within: disguise(g, world.scope.within) },
  };
}

function disguise<T>(g: Dice, value: T): T {
  if (typeof value === 'string' && value.startsWith('/subscriptions/')) {
    return g.pick<string>(value, value.toUpperCase(), value.toLowerCase()) as T & string;
  }
  if (Array.isArray(value)) {
    return g.shuffle(value).map((item) => disguise(g, item)) as T;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, disguise(g, item)])) as T;
}

const GARBAGE = [
  '',
  '/',
  '10.0.1.300',
  'x'.repeat(2000),
  '/subscriptions/x',
  '\u0000',
  '{vip}',
  '__proto__',
  '127.0.0.1',
];

/** A world in which some texts, numbers and list items were lost, doubled, swapped or replaced. */
export function mangled(world: World, { seed }: Draw): World {
  const g = new Dice(seed + 2);
  const texts: string[] = [];
  collect(world.topology, texts);
  const topology = structuredClone(world.topology);
  const times = 1 + g.roll(6);
  for (let i = 0; i < times; i++) mangle(g, topology, [...texts, ...GARBAGE]);
  return { ...world, topology };
}

function collect(value: unknown, into: string[]): void {
  if (typeof value === 'string') into.push(value);
  else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) collect(item, into);
}

/** Walks down at random and breaks what it comes to. Words of a fixed set are left: the reader maps them. */
function mangle(g: Dice, at: object, texts: string[]): void {
  const keys = Object.keys(at).filter((key) => !['version', 'os', 'power', 'protocol', 'notes', 'tags'].includes(key));
  if (keys.length === 0) return;
  const key = g.pick(...keys);
  const value = Reflect.get(at, key);
  if (Array.isArray(at) && g.roll(4) === 3) {
    if (g.roll(2)) at.splice(Number(key), 1);
    else at.push(structuredClone(value));
    return;
  }
  if (typeof value === 'string') Reflect.set(at, key, g.pick(...texts));
  else if (typeof value === 'number') Reflect.set(at, key, g.pick(Number.NaN, -1, 0, 1.5, 65536, 1972));
  else if (typeof value === 'boolean') Reflect.set(at, key, !value);
  else if (typeof value === 'object' && value !== null) mangle(g, value, texts);
}
