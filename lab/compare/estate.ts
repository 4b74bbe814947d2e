/** What the strategies are compared on: the article's two VMs, and a third that is outside every pool. */

import type { PlannedFrontend } from '../../shared/model/guest.ts';
import type { ProbePace } from '../../simulator/estate/build.ts';
import type { Estate } from '../../simulator/estate/estate.ts';
import { articleEstate } from '../../simulator/estate/twoVms.ts';
import { NICS, PI, planOf, UCR } from '../guests.ts';

export type Member = keyof typeof NICS;
export const MEMBERS: Member[] = ['vm-a', 'vm-b'];
/** A client that is no member. */
export const OUTSIDE = 'vm-c';

export const GATEWAY = '10.0.1.1';
export const STATUS_PORT = 52773;

/** UCR moves; PI stays on vm-a. Both primaries are there at first. */
export const MIRRORS = {
  UCR: { vip: UCR, port: 1972, statusPath: '/ucr/csp/bin/mirror_status.cxw' },
  PI: { vip: PI, port: 51773, statusPath: '/pi/csp/bin/mirror_status.cxw' },
} as const;
export type Mirror = keyof typeof MIRRORS;

/**
 * The estate with the load balancer's probes at the given pace. Each frontend has its backend's port: a strategy that
 * translates no ports is not put at a disadvantage.
 */
export const compareEstate = (pace: ProbePace): Estate =>
  articleEstate((estate) => {
    estate.vms.push({
      name: OUTSIDE,
      os: 'linux',
      power: 'running',
      nics: [{ name: 'nic', mac: '00-0D-3A-00-0C-01', ips: [{ name: 'ipconfig', address: '10.0.1.30' }] }],
    });
    const [balancer] = estate.loadBalancers;
    for (const probe of balancer?.probes ?? []) Object.assign(probe, pace);
    for (const rule of balancer?.rules ?? []) rule.frontendPort = rule.backendPort;
  });

/** The plan of a member. */
export const comparePlan = (vm: Member): PlannedFrontend[] =>
  planOf(vm).map((frontend) => (frontend.vip === PI ? { ...frontend, port: MIRRORS.PI.port } : frontend));

/** Whose address that is, seen from a member. */
export function roleOf(address: string, vm: Member): string {
  if (address === NICS[vm].backend.ip) return 'backend address';
  if (address === NICS[vm].via.ip) return 'via address';
  if (address === UCR || address === PI) return 'the VIP itself';
  return address;
}
