/** A mirror with one Windows and one Linux member, the Windows one primary. */
import { memberOf, mirrorLoadBalancer, vmOf } from './build.ts';
import type { Estate } from './estate.ts';

/** A fresh copy of the estate. */
export function mixedEstate(): Estate {
  const loadBalancer = 'mix-ilb';
  const members = ['mix-w', 'mix-l'];
  return {
    subscriptionId: '00000000-0000-0000-0000-000000000000',
    resourceGroup: 'mix-rg',
    location: 'westeurope',
    virtualNetwork: 'mix-vnet',
    subnet: { name: 'mix', prefix: '10.0.3.0/24' },
    vms: [{ ...vmOf('mix-w', ['10.0.3.10', '10.0.3.11']), os: 'windows' }, vmOf('mix-l', ['10.0.3.20', '10.0.3.21'])],
    loadBalancers: [
      mirrorLoadBalancer(
        loadBalancer,
        [
          {
            mirror: 'pharmacy',
            vip: '10.0.3.100',
            superserverPort: 1972,
            webPrefix: '/pharmacy',
            members: members.map((vm) => memberOf(vm, 1)),
          },
        ],
        { intervalSeconds: 1, threshold: 2 },
      ),
    ],
    mirrors: [{ name: 'pharmacy', loadBalancer, frontend: 'pharmacy', members, primary: 'mix-w' }],
  };
}
