/** Network interfaces as ARM shows them. Shape: sample nic_get.json (spec example NetworkInterfaceGet.json). */
import type { EstateNic, EstateVm } from '../../estate/estate.ts';
import { applicationGroupId, ipConfigurationId, nicId, securityGroupId, subnetId, vmId } from '../../estate/ids.ts';
import type { Site, World } from '../world.ts';

/** The NIC resource. */
export function nicResource(world: World, site: Site, vm: EstateVm, nic: EstateNic): Record<string, unknown> {
  const { estate } = site;
  return {
    name: nic.name,
    id: nicId(estate, nic.name),
    type: 'Microsoft.Network/networkInterfaces',
    location: estate.location,
    ...(nic.tags ? { tags: nic.tags } : {}),
    properties: {
      provisioningState: 'Succeeded',
      ipConfigurations: nic.ips.map((ip, i) => {
        const pools = world.poolsOf(site, nic.name, ip.name);
        return {
          name: ip.name,
          id: ipConfigurationId(estate, nic.name, ip.name),
          type: 'Microsoft.Network/networkInterfaces/ipConfigurations',
          properties: {
            provisioningState: 'Succeeded',
            privateIPAddress: ip.address,
            privateIPAllocationMethod: 'Static',
            subnet: { id: subnetId(estate) },
            primary: i === 0,
            privateIPAddressVersion: 'IPv4',
            ...(pools.length > 0 ? { loadBalancerBackendAddressPools: pools.map((id) => ({ id })) } : {}),
            ...(ip.applicationGroups
              ? {
                  applicationSecurityGroups: ip.applicationGroups.map((own) => ({
                    id: applicationGroupId(estate, own),
                  })),
                }
              : {}),
          },
        };
      }),
      dnsSettings: { dnsServers: [], appliedDnsServers: [] },
      macAddress: nic.mac,
      enableAcceleratedNetworking: true,
      enableIPForwarding: nic.ipForwarding ?? false,
      primary: vm.nics[0]?.name === nic.name,
      virtualMachine: { id: vmId(estate, vm.name) },
      vnetEncryptionSupported: false,
      ...(nic.securityGroup === undefined
        ? {}
        : { networkSecurityGroup: { id: securityGroupId(estate, nic.securityGroup) } }),
    },
  };
}
