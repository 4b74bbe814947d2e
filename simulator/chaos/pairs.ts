/** Estates of any size: pairs of VMs, each pair the members of one mirror behind a frontend of its own. */
import { memberOf, mirrorLoadBalancer, vmOf } from '../estate/build.ts';
import type { Estate } from '../estate/estate.ts';

/** Pairs per load balancer; each has a pool and a rule of its own. */
const PER_LOAD_BALANCER = 25;

/** An estate of `pairs` mirrors on twice as many VMs, named pair-<n>-a and -b; `a` is primary. 10,000 pairs at most. */
export function pairsEstate(pairs: number): Estate {
  const numbers = Array.from({ length: pairs }, (_, i) => i);
  const name = (i: number, side: 'a' | 'b'): string => `pair-${i}-${side}`;
  // A /10 of addresses: eight per pair, VIP first.
  const address = (i: number, n: number): string => {
    const at = i * 8 + n + 8;
    return `10.${64 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`;
  };
  const groups = Map.groupBy(numbers, (i) => Math.floor(i / PER_LOAD_BALANCER));
  return {
    subscriptionId: '00000000-0000-0000-0000-000000000000',
    resourceGroup: 'pairs-rg',
    location: 'westeurope',
    virtualNetwork: 'pairs-vnet',
    subnet: { name: 'pairs', prefix: '10.64.0.0/10' },
    vms: numbers.flatMap((i) => [
      vmOf(name(i, 'a'), [address(i, 1), address(i, 2)]),
      vmOf(name(i, 'b'), [address(i, 3), address(i, 4)]),
    ]),
    loadBalancers: [...groups].map(([group, members]) =>
      mirrorLoadBalancer(
        `pairs-ilb-${group}`,
        members.map((i) => ({
          mirror: `mirror-${i}`,
          vip: address(i, 0),
          superserverPort: 1972,
          webPrefix: `/m${i}`,
          members: [memberOf(name(i, 'a'), 1), memberOf(name(i, 'b'), 1)],
        })),
        { intervalSeconds: 1, threshold: 2 },
      ),
    ),
    mirrors: numbers.map((i) => ({
      name: `mirror-${i}`,
      loadBalancer: `pairs-ilb-${Math.floor(i / PER_LOAD_BALANCER)}`,
      frontend: `mirror-${i}`,
      members: [name(i, 'a'), name(i, 'b')],
      primary: name(i, 'a'),
    })),
  };
}
