/** What an assessment cannot tell whoever signs in, since it is in no list: said each time, and never taken for fine. Pure. */
import { idKey, parentId } from '../model/ids.ts';
import type { Path } from '../model/path.ts';
import { subscriptionOf } from '../model/scope.ts';
import type { Topology } from '../model/topology.ts';

export interface NotTold {
  code: 'SECURITY_ADMIN_RULES' | 'AZURE_POLICY';
  text: string;
  /** Where a person can see it. */
  nextStep: string;
  /** Virtual networks, or subscriptions of the VMs, that it is about. */
  ids: string[];
}

/**
 * Sources: "Security admin rules in Azure Virtual Network Manager" (they are gone through before network security groups,
 * and apply to all of a virtual network); "Virtual Networks - List Network Manager Effective Security Admin Rules" (which
 * hold in a network is told by a POST alone, so Reader may not ask); "Azure Policy definitions deny effect".
 */
export function notTold(paths: readonly Path[], { nics }: Pick<Topology, 'nics'>): NotTold[] {
  if (paths.length === 0) return [];
  const vms = new Map(paths.map(({ vmKey, vmId }) => [vmKey, vmId]));
  const own = nics.filter(({ vmId }) => vmId !== undefined && vms.has(idKey(vmId)));
  const networks = own.flatMap(({ ipConfigurations }) =>
    ipConfigurations.flatMap(({ subnetId }) => (subnetId === undefined ? [] : (parentId(subnetId) ?? []))),
  );
  return [
    {
      code: 'SECURITY_ADMIN_RULES',
      text: 'Security admin rules of a Virtual Network Manager come before every security group. Which of them hold in a network is in no list.',
      nextStep:
        'az network manager list-effective-security-admin-rules shows them. It takes Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action, which Reader lacks.',
      ids: [...new Map(networks.map((id) => [idKey(id), id])).values()].sort(),
    },
    {
      code: 'AZURE_POLICY',
      text: 'A policy that denies Run Command ends every command of the app, and may be assigned far above the VM.',
      nextStep:
        'az policy assignment list --disable-scope-strict-match shows what is assigned. A check run of the app on one VM shows whether commands pass.',
      ids: [...new Set([...vms.values()].map((id) => `/subscriptions/${subscriptionOf(id)}`))].sort(),
    },
  ];
}
