/**
 * Three mirrors on three VMs, two NICs each. The third mirror takes connections on the second NICs, so every NIC is
 * backend for some frontends and carries the route for others.
 */
import { memberOf, mirrorLoadBalancer, type ProbePace, vmOf } from './build.ts';
import type { Estate } from './estate.ts';

const VMS = ['tri-a', 'tri-b', 'tri-c'];

const MIRRORS = [
  { mirror: 'registry', vip: '10.0.2.100', superserverPort: 1972, webPrefix: '/registry', nic: 1, primary: 'tri-a' },
  { mirror: 'index', vip: '10.0.2.101', superserverPort: 1973, webPrefix: '/index', nic: 1, primary: 'tri-a' },
  { mirror: 'consent', vip: '10.0.2.102', superserverPort: 1974, webPrefix: '/consent', nic: 2, primary: 'tri-b' },
];

/** A fresh copy of the estate; the probes' default is 1 s x 2. */
export function threeByThree(options: { subscriptionId?: string; probe?: ProbePace } = {}): Estate {
  const loadBalancer = 'tri-ilb';
  return {
    subscriptionId: options.subscriptionId ?? '00000000-0000-0000-0000-000000000000',
    resourceGroup: 'tri-rg',
    location: 'westeurope',
    virtualNetwork: 'tri-vnet',
    subnet: { name: 'tri', prefix: '10.0.2.0/24' },
    vms: VMS.map((vm, i) => vmOf(vm, [`10.0.2.${i + 1}0`, `10.0.2.${i + 1}1`])),
    loadBalancers: [
      mirrorLoadBalancer(
        loadBalancer,
        MIRRORS.map(({ nic, primary: _, ...mirror }) => ({ ...mirror, members: VMS.map((vm) => memberOf(vm, nic)) })),
        options.probe ?? { intervalSeconds: 1, threshold: 2 },
      ),
    ],
    mirrors: MIRRORS.map(({ mirror, primary }) => ({
      name: mirror,
      loadBalancer,
      frontend: mirror,
      members: [...VMS],
      primary,
    })),
  };
}
