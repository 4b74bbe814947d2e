/** An estate of any size, of mirrors in pairs: for what depends on how many there are. */
import { articleEstate } from './articleEstate.ts';
import type { Estate } from './estate.ts';

/** So many VMs, an even number, in pairs: two NICs each, each pair behind a frontend of its own, a hundred frontends on a load balancer. */
export function manyPairs(count: number): Estate {
  const base = articleEstate();
  const name = (index: number) => `vm${index}`;
  const address = (index: number, nic: number) =>
    `10.${64 * nic + (index >> 14)}.${(index >> 7) & 127}.${(index & 127) + 1}`;
  const mac = (index: number, nic: number) =>
    `00-0D-${[nic, index >> 16, (index >> 8) & 255, index & 255].map((n) => n.toString(16).padStart(2, '0').toUpperCase()).join('-')}`;
  const indexes = Array.from({ length: count }, (_, index) => index);
  const pairs = indexes.slice(0, count / 2);
  const [probe] = base.loadBalancers[0]?.probes ?? [];
  if (!probe) throw new Error('no probe');
  return {
    ...base,
    mirrors: pairs.map((pair) => ({
      name: `f${pair}`,
      loadBalancer: `lb${Math.floor(pair / 100)}`,
      frontend: `f${pair}`,
      members: [name(2 * pair), name(2 * pair + 1)],
      primary: name(2 * pair),
    })),
    addressSpace: ['10.0.0.0/8'],
    subnet: { ...base.subnet, prefix: '10.0.0.0/8' },
    vms: indexes.map((index) => ({
      name: name(index),
      os: 'linux',
      power: 'running',
      nics: [0, 1].map((nic) => ({
        name: `${name(index)}-${nic}`,
        mac: mac(index, nic),
        ips: [{ name: 'ip', address: address(index, nic) }],
      })),
    })),
    loadBalancers: Array.from({ length: pairs.length / 100 }, (_, lb) => {
      const own = pairs.slice(100 * lb, 100 * (lb + 1));
      return {
        name: `lb${lb}`,
        frontends: own.map((pair) => ({ name: `f${pair}`, address: address(pair, 2) })),
        pools: own.map((pair) => ({
          name: `f${pair}`,
          members: [2 * pair, 2 * pair + 1].map((vm) => `${name(vm)}/${name(vm)}-0/ip`),
        })),
        probes: [{ ...probe }],
        rules: own.map((pair) => ({
          name: `f${pair}`,
          frontend: `f${pair}`,
          pool: `f${pair}`,
          probe: probe.name,
          protocol: 'Tcp' as const,
          frontendPort: 1972,
          backendPort: 1972,
        })),
      };
    }),
  };
}
