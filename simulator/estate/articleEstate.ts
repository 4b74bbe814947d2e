/**
 * The estate of InterSystems' article on the hairpin: UCR Registry and Patient Index, one instance of each on every
 * VM, each mirror behind its own VIP, and both primaries on the same VM. A third VM is a disaster recovery member of
 * UCR Registry that was built with a single NIC: nothing can be repaired there until somebody adds one.
 */
import { memberOf, mirrorLoadBalancer, type ProbePace, vmOf } from './build.ts';
import type { Estate } from './estate.ts';

/** What may differ between a demonstration and a test. */
export interface ArticleOptions {
  subscriptionId?: string;
  resourceGroup?: string;
  /** Default 1 s x 2: a failover shows within seconds. Azure's own minimum is 5 s. */
  probe?: ProbePace;
}

/** A fresh copy of the article's estate. */
export function articleEstate(options: ArticleOptions = {}): Estate {
  const pace = options.probe ?? { intervalSeconds: 1, threshold: 2 };
  return {
    subscriptionId: options.subscriptionId ?? '00000000-0000-0000-0000-000000000000',
    resourceGroup: options.resourceGroup ?? 'healthshare-rg',
    location: 'westeurope',
    virtualNetwork: 'healthshare-vnet',
    subnet: { name: 'healthshare', prefix: '10.0.1.0/24' },
    vms: [
      vmOf('hs-a', ['10.0.1.10', '10.0.1.11']),
      vmOf('hs-b', ['10.0.1.20', '10.0.1.21']),
      vmOf('hs-c', ['10.0.1.30']),
    ],
    loadBalancers: [
      mirrorLoadBalancer(
        'healthshare-ilb',
        [
          {
            mirror: 'ucr-registry',
            vip: '10.0.1.100',
            superserverPort: 1972,
            webPrefix: '/ucr',
            members: [memberOf('hs-a', 1), memberOf('hs-b', 1), memberOf('hs-c', 1)],
          },
          {
            mirror: 'patient-index',
            vip: '10.0.1.101',
            superserverPort: 1973,
            webPrefix: '/pi',
            members: [memberOf('hs-a', 1), memberOf('hs-b', 1)],
          },
        ],
        pace,
      ),
    ],
    mirrors: [
      {
        name: 'ucr-registry',
        loadBalancer: 'healthshare-ilb',
        frontend: 'ucr-registry',
        members: ['hs-a', 'hs-b', 'hs-c'],
        primary: 'hs-a',
      },
      {
        name: 'patient-index',
        loadBalancer: 'healthshare-ilb',
        frontend: 'patient-index',
        members: ['hs-a', 'hs-b'],
        primary: 'hs-a',
      },
    ],
  };
}
