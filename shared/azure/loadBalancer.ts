/** Load balancers: from the SDK's models to this program's. Pure. */
import type {
  BackendAddressPool,
  FrontendIPConfiguration,
  LoadBalancingRule,
  LoadBalancer as SdkLoadBalancer,
  Probe as SdkProbe,
} from '@azure/arm-network';
import { idKey } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { FrontendIp, LoadBalancer, Pool, Probe, Rule } from '../model/topology.ts';
import { ipVersion, plainAddress } from './address.ts';
import { idsOf, type Notes, withId } from './notes.ts';

/** Azure's default interval and threshold, for probes that carry none. */
const PROBE_SECONDS = 15;
const PROBE_THRESHOLD = 1;

/** The load balancers of a list, internal and public alike; odd items are noted. */
export const mapLoadBalancers = (list: readonly SdkLoadBalancer[], notes: Notes): LoadBalancer[] =>
  withId(list, 'list of load balancers', notes).map((item) => ({
    id: item.id,
    sku: item.sku?.name ?? 'unknown',
    tags: item.tags ?? {},
    frontends: withId(item.frontendIPConfigurations, item.id, notes).map(mapFrontend),
    rules: withId(item.loadBalancingRules, item.id, notes).flatMap((rule) => mapRule(rule, notes)),
    probes: withId(item.probes, item.id, notes).map((probe) => mapProbe(probe, notes)),
    pools: withId(item.backendAddressPools, item.id, notes).map((pool) => mapPool(pool, notes)),
  }));

function mapFrontend(item: FrontendIPConfiguration & { id: string }): FrontendIp {
  return {
    id: item.id,
    ...defined({ address: plainAddress(item.privateIPAddress), subnetId: item.subnet?.id || undefined }),
    version: ipVersion(item.privateIPAddressVersion),
  };
}

/** A rule that names no frontend belongs to nothing: it is noted and left out. */
function mapRule(item: LoadBalancingRule & { id: string }, notes: Notes): Rule[] {
  const { id } = item;
  const frontendId = item.frontendIPConfiguration?.id;
  if (!frontendId) {
    notes.add(id, 'the rule names no frontend and is left out');
    return [];
  }
  const single = item.backendAddressPool?.id;
  const several = idsOf(item.backendAddressPools, id, notes);
  return [
    {
      id,
      frontendId,
      poolIds: unique([...several, ...(single ? [single] : [])]),
      ...defined({ probeId: item.probe?.id || undefined }),
      protocol: notes.word(id, 'protocol', item.protocol, ['tcp', 'udp', 'all']),
      frontendPort: item.frontendPort ?? 0,
      backendPort: item.backendPort ?? item.frontendPort ?? 0,
      floatingIp: item.enableFloatingIP ?? false,
    },
  ];
}

/** `probeThreshold` is what the platform obeys; `numberOfProbes` is the older field. */
function mapProbe(item: SdkProbe & { id: string }, notes: Notes): Probe {
  return {
    id: item.id,
    protocol: notes.word(item.id, 'protocol', item.protocol, ['http', 'https', 'tcp']),
    port: item.port ?? 0,
    ...defined({ path: item.requestPath || undefined }),
    intervalSeconds: item.intervalInSeconds ?? PROBE_SECONDS,
    threshold: item.probeThreshold ?? item.numberOfProbes ?? PROBE_THRESHOLD,
  };
}

/**
 * NIC-based members stand in `backendIPConfigurations` and again, by name, among the backend addresses; address-based
 * ones among the backend addresses alone.
 */
function mapPool(item: BackendAddressPool & { id: string }, notes: Notes): Pool {
  const backends = item.loadBalancerBackendAddresses ?? [];
  const named = backends.flatMap((backend) => backend.networkInterfaceIPConfiguration?.id ?? []);
  return {
    id: item.id,
    ipConfigurationIds: unique([...idsOf(item.backendIPConfigurations, item.id, notes), ...named]),
    addresses: backends.flatMap((backend) => {
      const address = plainAddress(backend.ipAddress);
      if (!address || backend.networkInterfaceIPConfiguration?.id) return [];
      const virtualNetworkId = (backend.virtualNetwork?.id ?? item.virtualNetwork?.id) || undefined;
      return [{ address, ...defined({ virtualNetworkId, subnetId: backend.subnet?.id || undefined }) }];
    }),
  };
}

/** Ids without repeats, the first spelling kept. */
function unique(ids: string[]): string[] {
  const seen = new Set<string>();
  return ids.filter((id) => !seen.has(idKey(id)) && seen.add(idKey(id)));
}
