/**
 * The article's estate with VMs that have several addresses behind UCR's frontend: the load balancer translates to each
 * of them (Azure takes any number of a NIC's ip configurations and of a VM's NICs in a pool, and two pools per rule).
 */
import type { Estate } from './estate.ts';
import { articleEstate } from './twoVms.ts';

/** The second addresses of vm-a and vm-b. */
const SECOND = ['10.0.1.12', '10.0.1.22'] as const;

/** Gives each VM a second address on the NIC in the pool. */
function addSecond({ vms }: Estate): void {
  for (const [index, address] of SECOND.entries()) vms[index]?.nics[0]?.ips.push({ name: 'second', address });
}

/** The article's load balancer, with a pool of its own for UCR. */
function ucrPool(estate: Estate, members: string[]): Estate['loadBalancers'][number] {
  const [balancer] = estate.loadBalancers;
  const [ucr] = balancer?.rules ?? [];
  if (!balancer || !ucr) throw new Error('the article has a rule');
  balancer.pools.push({ name: 'ucr', members });
  ucr.pool = 'ucr';
  return balancer;
}

/** Gives each NIC a name that no other VM's has, as Azure wants it: `vm-a-pool`. */
function rename({ vms, loadBalancers }: Estate): void {
  for (const vm of vms) for (const nic of vm.nics) nic.name = `${vm.name}-${nic.name}`;
  for (const pool of loadBalancers.flatMap(({ pools }) => pools)) {
    pool.members = pool.members.map((member) => member.replace(/^([^/]+)\//, '$1/$1-'));
  }
}

const both = (first: string, second: string): string[] =>
  ['vm-a', 'vm-b'].flatMap((vm) => [`${vm}/${first}`, `${vm}/${second}`]);

/** Two addresses of one NIC in one pool: 10.0.1.10 and .12 on vm-a. */
export const twoAddressesEstate = (change: (estate: Estate) => void = () => {}): Estate =>
  articleEstate((estate) => {
    addSecond(estate);
    ucrPool(estate, both('pool/ipconfig', 'pool/second'));
    rename(estate);
    change(estate);
  });

/** Two rules of one frontend with a pool each: 1972 leads to the first address of each VM, 57772 to the second. */
export const twoPoolsEstate = (change: (estate: Estate) => void = () => {}): Estate =>
  articleEstate((estate) => {
    addSecond(estate);
    const balancer = ucrPool(estate, ['vm-a/pool/ipconfig', 'vm-b/pool/ipconfig']);
    const [ucr] = balancer.rules;
    balancer.pools.push({ name: 'web', members: ['vm-a/pool/second', 'vm-b/pool/second'] });
    if (ucr) balancer.rules.push({ ...ucr, name: 'ucr-web', pool: 'web', frontendPort: 57772, backendPort: 57772 });
    rename(estate);
    change(estate);
  });

/** Two NICs in one pool, 10.0.1.10 and .11 on vm-a, and a third outside it, 10.0.1.13. */
export const twoPoolNicsEstate = (change: (estate: Estate) => void = () => {}): Estate =>
  articleEstate((estate) => {
    for (const [index, vm] of estate.vms.entries()) {
      const address = `10.0.1.${(index + 1) * 10 + 3}`;
      vm.nics.push({ name: 'third', mac: `00-0D-3A-00-0${'AB'[index]}-03`, ips: [{ name: 'ipconfig', address }] });
    }
    ucrPool(estate, both('pool/ipconfig', 'via/ipconfig'));
    rename(estate);
    change(estate);
  });
