/** Resource ids of an estate's things, as ARM writes them. */
import type { Estate } from './estate.ts';

type Place = Pick<Estate, 'subscriptionId' | 'resourceGroup'> & Partial<Pick<Estate, 'elsewhere' | 'vms'>>;

/** The subscriptions of an estate. */
export const subscriptionsOf = ({ subscriptionId, elsewhere }: Place): string[] =>
  elsewhere ? [subscriptionId, elsewhere.subscriptionId] : [subscriptionId];

const there = (estate: Place, isThere: (there: NonNullable<Estate['elsewhere']>) => boolean): Place =>
  estate.elsewhere && isThere(estate.elsewhere)
    ? { subscriptionId: estate.elsewhere.subscriptionId, resourceGroup: estate.resourceGroup }
    : estate;

const placeOfVm = (estate: Place, vm: string): Place => there(estate, ({ vms }) => vms.includes(vm));
/** A NIC lies where its VM does. */
const placeOfNic = (estate: Place, nic: string): Place =>
  there(estate, ({ vms }) =>
    (estate.vms ?? []).some(({ name, nics }) => vms.includes(name) && nics.some((own) => own.name === nic)),
  );
const placeOfLoadBalancer = (estate: Place, name: string): Place =>
  there(estate, ({ loadBalancers }) => loadBalancers.includes(name));

const group = (estate: Place): string =>
  `/subscriptions/${estate.subscriptionId}/resourceGroups/${estate.resourceGroup}`;
const network = (estate: Place): string => `${group(estate)}/providers/Microsoft.Network`;

export const vmId = (estate: Place, vm: string): string =>
  `${group(placeOfVm(estate, vm))}/providers/Microsoft.Compute/virtualMachines/${vm}`;

export const scaleSetId = (estate: Place, name: string): string =>
  `${group(estate)}/providers/Microsoft.Compute/virtualMachineScaleSets/${name}`;

export const nicId = (estate: Place, nic: string): string =>
  `${network(placeOfNic(estate, nic))}/networkInterfaces/${nic}`;

export const ipConfigurationId = (estate: Place, nic: string, ip: string): string =>
  `${nicId(estate, nic)}/ipConfigurations/${ip}`;

export const loadBalancerId = (estate: Place, loadBalancer: string): string =>
  `${network(placeOfLoadBalancer(estate, loadBalancer))}/loadBalancers/${loadBalancer}`;

export const frontendId = (estate: Place, loadBalancer: string, frontend: string): string =>
  `${loadBalancerId(estate, loadBalancer)}/frontendIPConfigurations/${frontend}`;

export const ruleId = (estate: Place, loadBalancer: string, rule: string): string =>
  `${loadBalancerId(estate, loadBalancer)}/loadBalancingRules/${rule}`;

export const probeId = (estate: Place, loadBalancer: string, probe: string): string =>
  `${loadBalancerId(estate, loadBalancer)}/probes/${probe}`;

export const poolId = (estate: Place, loadBalancer: string, pool: string): string =>
  `${loadBalancerId(estate, loadBalancer)}/backendAddressPools/${pool}`;

export const virtualNetworkId = (estate: Place & Pick<Estate, 'virtualNetwork'>): string =>
  `${network(estate)}/virtualNetworks/${estate.virtualNetwork}`;

export const subnetId = (estate: Place & Pick<Estate, 'virtualNetwork' | 'subnet'>): string =>
  `${virtualNetworkId(estate)}/subnets/${estate.subnet.name}`;

export const securityGroupId = (estate: Place, name: string): string =>
  `${network(estate)}/networkSecurityGroups/${name}`;

export const applicationGroupId = (estate: Place, name: string): string =>
  `${network(estate)}/applicationSecurityGroups/${name}`;

export const routeTableId = (estate: Place, name: string): string => `${network(estate)}/routeTables/${name}`;

/** The parts of a pool member's name, `vm/nic/ip`. */
export function memberParts(member: string): { vm: string; nic: string; ip: string } {
  const [vm = '', nic = '', ip = ''] = member.split('/');
  return { vm, nic, ip };
}
