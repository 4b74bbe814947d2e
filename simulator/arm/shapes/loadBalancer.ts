/** Load balancers as ARM shows them. Shape: sample lb_get.json (spec example LoadBalancerGet.json). */
import type { Estate, EstateLoadBalancer, EstatePool, EstateRule } from '../../estate/estate.ts';
import {
  frontendId,
  ipConfigurationId,
  loadBalancerId,
  memberParts,
  poolId,
  probeId,
  ruleId,
  subnetId,
  virtualNetworkId,
} from '../../estate/ids.ts';

type Shape = Record<string, unknown>;

const TYPE = 'Microsoft.Network/loadBalancers';

/** The load balancer resource, Standard and internal. */
export function loadBalancerResource(estate: Estate, lb: EstateLoadBalancer): Shape {
  const rulesOf = (holds: (rule: EstateRule) => boolean): Shape => {
    const ids = lb.rules.filter(holds).map((rule) => ({ id: ruleId(estate, lb.name, rule.name) }));
    return ids.length > 0 ? { loadBalancingRules: ids } : {};
  };
  return {
    name: lb.name,
    id: loadBalancerId(estate, lb.name),
    type: TYPE,
    location: estate.location,
    ...(lb.tags ? { tags: lb.tags } : {}),
    sku: { name: 'Standard', tier: 'Regional' },
    properties: {
      provisioningState: 'Succeeded',
      frontendIPConfigurations: lb.frontends.map((frontend) => ({
        name: frontend.name,
        id: frontendId(estate, lb.name, frontend.name),
        type: `${TYPE}/frontendIPConfigurations`,
        properties: {
          provisioningState: 'Succeeded',
          privateIPAddress: frontend.address,
          privateIPAllocationMethod: 'Static',
          privateIPAddressVersion: frontend.version ?? 'IPv4',
          subnet: { id: subnetId(estate) },
          ...rulesOf((rule) => rule.frontend === frontend.name),
        },
      })),
      backendAddressPools: lb.pools.map((pool) => ({
        name: pool.name,
        id: poolId(estate, lb.name, pool.name),
        type: `${TYPE}/backendAddressPools`,
        properties: {
          provisioningState: 'Succeeded',
          ...network(estate),
          ...members(estate, pool),
          ...rulesOf((rule) => rule.pool === pool.name),
        },
      })),
      loadBalancingRules: lb.rules.map((rule) => ruleShape(estate, lb, rule)),
      probes: lb.probes.map((probe) => ({
        name: probe.name,
        id: probeId(estate, lb.name, probe.name),
        type: `${TYPE}/probes`,
        properties: {
          provisioningState: 'Succeeded',
          protocol: probe.protocol,
          port: probe.port,
          ...(probe.path === undefined ? {} : { requestPath: probe.path }),
          intervalInSeconds: probe.intervalSeconds,
          numberOfProbes: probe.threshold,
          probeThreshold: probe.threshold,
          noHealthyBackendsBehavior: probe.noHealthyBackendsBehavior ?? 'AllProbedDown',
          ...rulesOf((rule) => rule.probe === probe.name),
        },
      })),
      inboundNatRules: [],
      inboundNatPools: [],
    },
  };
}

/** A pool whose members may lie in another subscription names the network, and how its members are kept. */
const network = (estate: Estate): Shape =>
  estate.elsewhere ? { syncMode: 'Automatic', virtualNetwork: { id: virtualNetworkId(estate) } } : {};

/** NIC-based members show twice, as ip configurations and as named backend addresses; address-based ones once. */
function members(estate: Estate, pool: EstatePool): Shape {
  const nicBased = pool.members.map((member) => {
    const { nic, ip } = memberParts(member);
    const adminState = pool.adminStates?.[member] ?? 'None';
    return { name: `${nic}${ip}`, id: ipConfigurationId(estate, nic, ip), adminState };
  });
  const addressBased = (pool.addresses ?? []).map((address) => ({
    name: `address-${address}`,
    properties: { ipAddress: address, virtualNetwork: { id: virtualNetworkId(estate) } },
  }));
  return {
    loadBalancerBackendAddresses: [
      ...nicBased.map(({ name, id, adminState }) => ({
        name,
        properties: { networkInterfaceIPConfiguration: { id }, adminState },
      })),
      ...addressBased,
    ],
    ...(nicBased.length > 0 ? { backendIPConfigurations: nicBased.map(({ id }) => ({ id })) } : {}),
  };
}

function ruleShape(estate: Estate, lb: EstateLoadBalancer, rule: EstateRule): Shape {
  const pool = { id: poolId(estate, lb.name, rule.pool) };
  return {
    name: rule.name,
    id: ruleId(estate, lb.name, rule.name),
    type: `${TYPE}/loadBalancingRules`,
    properties: {
      provisioningState: 'Succeeded',
      frontendIPConfiguration: { id: frontendId(estate, lb.name, rule.frontend) },
      frontendPort: rule.frontendPort,
      backendPort: rule.backendPort,
      enableFloatingIP: rule.floatingIp ?? false,
      idleTimeoutInMinutes: 15,
      protocol: rule.protocol,
      enableTcpReset: true,
      loadDistribution: 'Default',
      disableOutboundSnat: true,
      backendAddressPool: pool,
      backendAddressPools: [pool],
      ...(rule.probe === undefined ? {} : { probe: { id: probeId(estate, lb.name, rule.probe) } }),
    },
  };
}
