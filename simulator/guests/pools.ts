/** Names of an estate looked up: pools with their members' addresses. */
import type { Estate, EstateLoadBalancer, EstateVm } from '../estate/estate.ts';

export interface LayoutBackend {
  address: string;
  /** `vm/nic/ip` of a NIC-based member. */
  member?: string;
  /** Admin state: the probe is not asked. */
  admin?: 'Up' | 'Down';
}

/** The members of a pool with their addresses. */
export function backendsOf(estate: Estate, balancer: EstateLoadBalancer, poolName: string): LayoutBackend[] {
  const pool = named(balancer.pools, poolName, `load balancer ${balancer.name}: pool`);
  const members = pool.members.map((member) => {
    const [vmName = '', nicName = '', ipName = ''] = member.split('/');
    const where = `pool ${balancer.name}/${pool.name}, member ${member}`;
    const vm: EstateVm = named(estate.vms, vmName, `${where}: VM`);
    const nic = named(vm.nics, nicName, `${where}: NIC`);
    const admin = pool.adminStates?.[member];
    return { member, address: named(nic.ips, ipName, `${where}: ip configuration`).address, ...(admin && { admin }) };
  });
  return [...members, ...(pool.addresses ?? []).map((address) => ({ address }))];
}

/** The entry of that name. Throws when there is none. */
export function named<T extends { name: string }>(entries: T[], name: string, what: string): T {
  const found = entries.find((entry) => entry.name === name);
  if (found) return found;
  const known = entries.map((entry) => entry.name).join(', ') || 'none';
  throw new Error(`${what} is ${JSON.stringify(name)}: the estate has ${known}`);
}
