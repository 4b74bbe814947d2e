/** Small estates of two VMs, for tests and for the lab of npm run lab. */
import type { Estate, EstateVm } from './estate.ts';

const STATUS = { protocol: 'Http', port: 52773, intervalSeconds: 1, threshold: 2 } as const;

const vm = (name: string, first: number, mac: string): EstateVm => ({
  name,
  os: 'linux',
  power: 'running',
  nics: [
    { name: 'pool', mac: `00-0D-3A-00-${mac}-01`, ips: [{ name: 'ipconfig', address: `10.0.1.${first}` }] },
    { name: 'via', mac: `00-0D-3A-00-${mac}-02`, ips: [{ name: 'ipconfig', address: `10.0.1.${first + 1}` }] },
  ],
});

/**
 * The article's case: two VMs with two NICs each (10.0.1.10/.11 and 10.0.1.20/.21) and two mirrors, UCR behind
 * 10.0.1.100:1972 and PI behind 10.0.1.101:1972 (51773 on the VMs), all primaries on vm-a.
 */
export function articleEstate(change: (estate: Estate) => void = () => {}): Estate {
  const members = ['vm-a/pool/ipconfig', 'vm-b/pool/ipconfig'];
  const estate: Estate = {
    subscriptionId: '00000000-0000-0000-0000-000000000000',
    resourceGroup: 'hs',
    location: 'westeurope',
    virtualNetwork: 'hs-vnet',
    subnet: { name: 'hs', prefix: '10.0.1.0/24' },
    vms: [vm('vm-a', 10, '0A'), vm('vm-b', 20, '0B')],
    loadBalancers: [
      {
        name: 'lb',
        frontends: [
          { name: 'ucr', address: '10.0.1.100' },
          { name: 'pi', address: '10.0.1.101' },
        ],
        pools: [{ name: 'members', members }],
        probes: [
          { ...STATUS, name: 'ucr', path: '/ucr/csp/bin/mirror_status.cxw' },
          { ...STATUS, name: 'pi', path: '/pi/csp/bin/mirror_status.cxw' },
        ],
        rules: [
          {
            name: 'ucr',
            frontend: 'ucr',
            pool: 'members',
            probe: 'ucr',
            protocol: 'Tcp',
            frontendPort: 1972,
            backendPort: 1972,
          },
          {
            name: 'pi',
            frontend: 'pi',
            pool: 'members',
            probe: 'pi',
            protocol: 'Tcp',
            frontendPort: 1972,
            backendPort: 51773,
          },
        ],
      },
    ],
    mirrors: [
      { name: 'UCR', loadBalancer: 'lb', frontend: 'ucr', members: ['vm-a', 'vm-b'], primary: 'vm-a' },
      { name: 'PI', loadBalancer: 'lb', frontend: 'pi', members: ['vm-a', 'vm-b'], primary: 'vm-a' },
    ],
  };
  change(estate);
  return estate;
}

/** The same VMs, but PI is served on the second NICs: each NIC is backend for one mirror and via for the other. */
export const twoRoleEstate = (change: (estate: Estate) => void = () => {}): Estate =>
  articleEstate((estate) => {
    const [balancer] = estate.loadBalancers;
    balancer?.pools.push({ name: 'second', members: ['vm-a/via/ipconfig', 'vm-b/via/ipconfig'] });
    Object.assign(balancer?.rules[1] ?? {}, { pool: 'second' });
    change(estate);
  });

/** `10.0.1.100`, `10.0.1.101`, ...: so many VIPs of the same estate. */
export const vipsOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `10.0.1.${100 + index}`);

/** The article's case with so many frontends: those beyond its two lead to UCR as well. */
export const manyFrontends = (count: number): Estate =>
  articleEstate((estate) => {
    const [balancer] = estate.loadBalancers;
    const like = balancer?.rules[0];
    if (!balancer || !like) throw new Error('the article has a rule');
    for (const address of vipsOf(count).slice(2)) {
      balancer.frontends.push({ name: address, address });
      balancer.rules.push({ ...like, name: address, frontend: address });
    }
  });
