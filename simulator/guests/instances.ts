/** Which mirrored instances run on a VM, and where each listens. */
import type { Estate, EstateMirror, EstateVm } from '../estate/estate.ts';
import { backendsOf, named } from './pools.ts';

/** A port an instance listens on. */
export interface Listener {
  port: number;
  /** Undefined: every address of the VM. Set where two instances of a VM share a port. */
  address?: string;
  /** True for the port of a TCP probe: open on the primary alone, since an open port is all such a probe sees. */
  primaryOnly: boolean;
}

/** One instance of a mirror. */
export interface Instance {
  mirror: string;
  /** The member's address in the mirror's pool. */
  address: string;
  primary: boolean;
  listeners: Listener[];
  /** Mirror status pages: 200 SUCCESS on the primary, 503 FAILED elsewhere. */
  status: { port: number; path: string; address?: string }[];
}

/** A mirror behind nothing but a rule for all ports answers here: IRIS's default superserver port. */
const DEFAULT_SUPERSERVER_PORT = 1972;

/** The instances of one VM. Throws when two of them want the same address and port, or the same status page. */
export function placeInstances(estate: Estate, vm: EstateVm): Instance[] {
  const mirrors = estate.mirrors.filter((mirror) => mirror.members.includes(vm.name));
  const placed = mirrors.map((mirror) => place(estate, vm, mirror));
  const shared = (taken: string[]) => new Set(taken.filter((key, index) => taken.indexOf(key) !== index));
  const sharedPorts = shared(placed.flatMap((it) => [...it.ports.keys()].map(String)));
  const sharedPages = shared(placed.flatMap((it) => it.pages.map((page) => `${page.port}${page.path}`)));
  const instances = placed.map((it) => ({
    mirror: it.mirror.name,
    address: it.address,
    primary: it.mirror.primary === vm.name,
    listeners: [...it.ports].map(([port, primaryOnly]) => ({
      port,
      primaryOnly,
      ...(sharedPorts.has(String(port)) && { address: it.address }),
    })),
    status: it.pages.map((page) => ({
      ...page,
      ...(sharedPages.has(`${page.port}${page.path}`) && { address: it.address }),
    })),
  }));
  refuseDoubles(vm.name, instances);
  return instances;
}

interface Placed {
  mirror: EstateMirror;
  address: string;
  ports: Map<number, boolean>;
  pages: { port: number; path: string }[];
}

function place(estate: Estate, vm: EstateVm, mirror: EstateMirror): Placed {
  const balancer = named(estate.loadBalancers, mirror.loadBalancer, `mirror ${mirror.name}: load balancer`);
  named(balancer.frontends, mirror.frontend, `mirror ${mirror.name}: frontend`);
  const rules = balancer.rules.filter((rule) => rule.frontend === mirror.frontend);
  const own = new Set(vm.nics.flatMap((nic) => nic.ips.map((ip) => ip.address)));
  const address = rules
    .flatMap((rule) => backendsOf(estate, balancer, rule.pool))
    .find((backend) => own.has(backend.address))?.address;
  if (!address)
    throw new Error(`mirror ${mirror.name}: member ${vm.name} has no address in a pool of ${mirror.frontend}`);

  const pages: Placed['pages'] = [];
  const ports = new Map<number, boolean>();
  for (const rule of rules) {
    if (rule.protocol !== 'Udp' && rule.frontendPort !== 0) ports.set(rule.backendPort, false);
  }
  if (ports.size === 0 && rules.some((rule) => rule.frontendPort === 0)) ports.set(DEFAULT_SUPERSERVER_PORT, false);
  for (const rule of rules) {
    if (rule.probe === undefined) continue;
    const probe = named(balancer.probes, rule.probe, `rule ${balancer.name}/${rule.name}: probe`);
    if (probe.protocol === 'Tcp') {
      ports.set(probe.port, true);
    } else {
      const path = probe.path ?? '/';
      if (!pages.some((page) => page.port === probe.port && page.path === path)) pages.push({ port: probe.port, path });
    }
  }
  // A rule to the web server's own port is answered by the status pages' server.
  for (const page of pages) ports.delete(page.port);
  return { mirror, address, ports, pages };
}

function refuseDoubles(vm: string, instances: Instance[]): void {
  const seen = new Map<string, string>();
  for (const instance of instances) {
    const wants = [
      ...instance.listeners.map((it) => `${it.address ?? '*'}:${it.port}`),
      ...instance.status.map((it) => `http://${it.address ?? '*'}:${it.port}${it.path}`),
    ];
    for (const want of wants) {
      const other = seen.get(want);
      if (other !== undefined)
        throw new Error(
          `mirrors ${other} and ${instance.mirror} both want ${want} on ${vm}: give them different ports or paths`,
        );
      seen.set(want, instance.mirror);
    }
  }
}
