/** Load balancers: from Azure's JSON to this program's. Pure. */
import { idKey } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { FrontendIp, LoadBalancer, Pool, Probe, Rule } from '../model/topology.ts';
import { ipVersion, plainAddress } from './address.ts';
import { type Item, itemsOf, type Notes } from './notes.ts';

/** Azure's default interval and threshold, for probes that carry none. */
const PROBE_SECONDS = 15;
const PROBE_THRESHOLD = 1;

/** The load balancers of a list as the REST API writes them, internal and public alike; odd items are noted. */
export const mapLoadBalancers = (list: readonly unknown[], notes: Notes): LoadBalancer[] =>
  itemsOf(list, 'list of load balancers', notes).map((item) => {
    const properties = item.within('properties');
    return {
      id: item.id,
      sku: item.within('sku').text('name') ?? 'unknown',
      tags: item.tags(),
      frontends: properties.items('frontendIPConfigurations').map(mapFrontend),
      rules: properties.items('loadBalancingRules').flatMap(mapRule),
      probes: properties.items('probes').map(mapProbe),
      pools: properties.items('backendAddressPools').map(mapPool),
    };
  });

function mapFrontend(item: Item): FrontendIp {
  const properties = item.within('properties');
  return {
    id: item.id,
    ...defined({
      address: plainAddress(properties.text('privateIPAddress')),
      subnetId: properties.reference('subnet'),
    }),
    version: ipVersion(properties.text('privateIPAddressVersion')),
  };
}

/** A rule that names no frontend belongs to nothing: it is noted and left out. */
function mapRule(item: Item): Rule[] {
  const { id } = item;
  const properties = item.within('properties');
  const frontendId = properties.reference('frontendIPConfiguration');
  if (!frontendId) {
    item.note('the rule names no frontend and is left out');
    return [];
  }
  const single = properties.reference('backendAddressPool');
  const several = properties.references('backendAddressPools');
  const frontendPort = properties.number('frontendPort');
  return [
    {
      id,
      frontendId,
      poolIds: unique([...several, ...(single ? [single] : [])]),
      ...defined({ probeId: properties.reference('probe') }),
      protocol: properties.word('protocol', ['tcp', 'udp', 'all']),
      frontendPort: frontendPort ?? 0,
      backendPort: properties.number('backendPort') ?? frontendPort ?? 0,
      floatingIp: properties.flag('enableFloatingIP'),
    },
  ];
}

/** `probeThreshold` is what the platform obeys; `numberOfProbes` is the older field. */
function mapProbe(item: Item): Probe {
  const properties = item.within('properties');
  return {
    id: item.id,
    protocol: properties.word('protocol', ['http', 'https', 'tcp']),
    port: properties.number('port') ?? 0,
    ...defined({ path: properties.text('requestPath') }),
    intervalSeconds: properties.number('intervalInSeconds') ?? PROBE_SECONDS,
    threshold: properties.number('probeThreshold') ?? properties.number('numberOfProbes') ?? PROBE_THRESHOLD,
  };
}

/**
 * NIC-based members stand in `backendIPConfigurations` and again, by name, among the backend addresses; address-based
 * ones among the backend addresses alone.
 */
function mapPool(item: Item): Pool {
  const properties = item.within('properties');
  const network = properties.reference('virtualNetwork');
  const backends = properties.objects('loadBalancerBackendAddresses').map((backend) => backend.within('properties'));
  const named = backends.flatMap((backend) => backend.reference('networkInterfaceIPConfiguration') ?? []);
  return {
    id: item.id,
    ipConfigurationIds: unique([...properties.references('backendIPConfigurations'), ...named]),
    addresses: backends.flatMap((backend) => {
      const address = plainAddress(backend.text('ipAddress'));
      if (!address || backend.reference('networkInterfaceIPConfiguration')) return [];
      const virtualNetworkId = backend.reference('virtualNetwork') ?? network;
      return [{ address, ...defined({ virtualNetworkId, subnetId: backend.reference('subnet') }) }];
    }),
  };
}

/** Ids without repeats, the first spelling kept. */
function unique(ids: string[]): string[] {
  const seen = new Set<string>();
  return ids.filter((id) => !seen.has(idKey(id)) && seen.add(idKey(id)));
}
