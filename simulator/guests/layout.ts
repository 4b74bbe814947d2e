/** What an estate means on the wire: guests with their NICs, mirrored instances, and the load balancers' rules and probes. */
import type { Estate, EstateLoadBalancer, EstateNic, EstateRule } from '../estate/estate.ts';
import { type Instance, placeInstances } from './instances.ts';
import { formatPrefix, gatewayOf, parsePrefix } from './ipv4.ts';
import { backendsOf, type LayoutBackend, named } from './pools.ts';

export interface LayoutNic {
  name: string;
  /** In the guest: eth0, eth1, ... */
  device: string;
  /** Its end on the fabric: v0, v1, ... over the whole estate. */
  link: string;
  /** Lower case with colons. */
  mac: string;
  addresses: string[];
  ipForwarding: boolean;
  /** A secondary NIC in a backend pool: its guest needs source routing, or no probe is ever answered. */
  sourceRouted: boolean;
}

export interface LayoutGuest {
  vm: string;
  os: 'linux' | 'windows';
  running: boolean;
  rpFilter: 0 | 1 | 2;
  nics: LayoutNic[];
  instances: Instance[];
}

/** One probe towards one backend address. */
export interface ProbeTarget {
  key: string;
  protocol: 'Http' | 'Tcp';
  address: string;
  port: number;
  path: string;
  intervalSeconds: number;
  threshold: number;
}

export interface LayoutRule {
  loadBalancer: string;
  name: string;
  vip: string;
  protocol: 'Tcp' | 'Udp' | 'All';
  /** 0 for HA ports. */
  frontendPort: number;
  backendPort: number;
  floatingIp: boolean;
  backends: (LayoutBackend & { probe?: string })[];
  /** With no healthy backend all of them get connections. */
  allDownIsUp?: boolean;
}

export interface Layout {
  /** `10.0.1.0/24` */
  subnet: string;
  prefixLength: number;
  gateway: string;
  guests: LayoutGuest[];
  /** IPv4 frontend addresses, each once, in the estate's order. */
  vips: string[];
  rules: LayoutRule[];
  probes: ProbeTarget[];
}

/** Where Azure's probes come from, on every virtual network. */
export const PROBE_SOURCE = '168.63.129.16';
/** What Azure's fabric answers every ARP request with. */
export const FABRIC_MAC = '12:34:56:78:9a:bc';

/** Reads an estate. Throws when it contradicts itself: a dangling name, or two instances on one address and port. */
export function layoutOf(estate: Estate): Layout {
  const subnet = parsePrefix(estate.subnet.prefix);
  const rules: LayoutRule[] = [];
  const probes = new Map<string, ProbeTarget>();
  for (const balancer of estate.loadBalancers) {
    for (const rule of balancer.rules) {
      const read = readRule(estate, balancer, rule, probes);
      if (read) rules.push(read);
    }
  }
  const pooled = new Set(rules.flatMap((rule) => rule.backends.map((backend) => backend.address)));
  let links = 0;
  const guests = estate.vms.map((vm) => {
    const nics = vm.nics.map((nic, index) => readNic(nic, index, `v${links++}`, pooled));
    return {
      vm: vm.name,
      os: vm.os,
      running: vm.power === 'running',
      rpFilter: vm.rpFilter ?? 1,
      nics,
      instances: placeInstances(estate, vm),
    } satisfies LayoutGuest;
  });
  return {
    subnet: formatPrefix(subnet),
    prefixLength: subnet.length,
    gateway: gatewayOf(subnet),
    guests,
    vips: [...new Set(estate.loadBalancers.flatMap(frontendAddresses))],
    rules,
    probes: [...probes.values()],
  };
}

const frontendAddresses = (balancer: EstateLoadBalancer): string[] =>
  balancer.frontends.filter((frontend) => frontend.version !== 'IPv6').map((frontend) => frontend.address);

function readNic(nic: EstateNic, index: number, link: string, pooled: Set<string>): LayoutNic {
  const addresses = nic.ips.map((ip) => ip.address);
  return {
    name: nic.name,
    device: `eth${index}`,
    link,
    mac: nic.mac.toLowerCase().replaceAll('-', ':'),
    addresses,
    ipForwarding: nic.ipForwarding ?? false,
    sourceRouted: index > 0 && addresses.some((address) => pooled.has(address)),
  };
}

function readRule(
  estate: Estate,
  balancer: EstateLoadBalancer,
  rule: EstateRule,
  probes: Map<string, ProbeTarget>,
): LayoutRule | undefined {
  const where = `rule ${balancer.name}/${rule.name}`;
  const frontend = named(balancer.frontends, rule.frontend, `${where}: frontend`);
  if (frontend.version === 'IPv6') return undefined;
  const probe = rule.probe === undefined ? undefined : named(balancer.probes, rule.probe, `${where}: probe`);
  const backends = backendsOf(estate, balancer, rule.pool).map((backend) => {
    if (!probe) return backend;
    const key = `${balancer.name}/${probe.name}/${backend.address}`;
    const { protocol, port, intervalSeconds, threshold } = probe;
    const path = probe.path ?? '/';
    probes.set(key, { key, protocol, address: backend.address, port, path, intervalSeconds, threshold });
    return { ...backend, probe: key };
  });
  const { name, protocol, frontendPort, backendPort, floatingIp = false } = rule;
  return {
    loadBalancer: balancer.name,
    name,
    vip: frontend.address,
    protocol,
    frontendPort,
    backendPort,
    floatingIp,
    backends,
    ...(probe?.noHealthyBackendsBehavior === 'AllProbedUp' && { allDownIsUp: true }),
  };
}
