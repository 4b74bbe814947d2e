/** Small parts that the estates are put together from. */
import type { EstateIp, EstateLoadBalancer, EstateNic, EstateVm } from './estate.ts';

/** A MAC in Azure's range made from an IPv4 address: `10.0.1.11` -> `00-0D-3A-00-01-0B`. Unique within a /16. */
function macOf(address: string): string {
  const bytes = address
    .split('.')
    .slice(1)
    .map((part) => Number(part).toString(16).padStart(2, '0').toUpperCase());
  return `00-0D-3A-${bytes.join('-')}`;
}

const ipOf = (address: string): EstateIp => ({ name: 'ipconfig1', address });

/** A NIC with one address. */
export const nicOf = (name: string, address: string): EstateNic => ({
  name,
  mac: macOf(address),
  ips: [ipOf(address)],
});

/** A running Linux VM with a NIC per address, named `<vm>-nic1`, `<vm>-nic2`, ... */
export function vmOf(name: string, addresses: string[]): EstateVm {
  return {
    name,
    os: 'linux',
    nics: addresses.map((address, i) => nicOf(`${name}-nic${i + 1}`, address)),
    power: 'running',
  };
}

/** The pool member name of a VM's n-th NIC, counted from 1. */
export const memberOf = (vm: string, nic: number): string => `${vm}/${vm}-nic${nic}/ipconfig1`;

/** How a mirror's probe runs. Azure takes 5 s or more as interval; the simulator's load balancer takes any. */
export interface ProbePace {
  intervalSeconds: number;
  /** Answers in a row that turn the probe. */
  threshold: number;
}

/** One mirror behind one frontend: everything of it has the mirror's name. */
export interface MirrorFrontend {
  mirror: string;
  vip: string;
  superserverPort: number;
  /** The instance's prefix on the VM's web server, `/ucr`. */
  webPrefix: string;
  /** Pool members, `vm/nic/ip`. */
  members: string[];
}

/** The web server of a HealthShare VM, shared by its instances; each answers under its own prefix. */
const WEB_PORT = 52773;

/** Frontend, pool, probe and rule of each mirror on one load balancer. */
export function mirrorLoadBalancer(name: string, mirrors: MirrorFrontend[], pace: ProbePace): EstateLoadBalancer {
  return {
    name,
    frontends: mirrors.map((m) => ({ name: m.mirror, address: m.vip })),
    pools: mirrors.map((m) => ({ name: m.mirror, members: m.members })),
    probes: mirrors.map((m) => ({
      name: m.mirror,
      protocol: 'Http' as const,
      port: WEB_PORT,
      path: `${m.webPrefix}/csp/bin/mirror_status.cxw`,
      ...pace,
    })),
    rules: mirrors.map((m) => ({
      name: `${m.mirror}-superserver`,
      frontend: m.mirror,
      pool: m.mirror,
      probe: m.mirror,
      protocol: 'Tcp' as const,
      frontendPort: m.superserverPort,
      backendPort: m.superserverPort,
    })),
  };
}
