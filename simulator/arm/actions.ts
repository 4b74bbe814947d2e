/**
 * Every call that the simulated ARM answers, with the RBAC action that Azure asks of the caller. This is data: routes
 * are made from it, the call log names the action, and roles are checked against it.
 *
 * Sources: [compute] and [network] are the permission references of the resource providers in the Azure RBAC
 * documentation (role-based-access-control/permissions/compute.md, networking.md), [management] that of
 * Microsoft.Resources (management-and-governance.md); the paths are those that the SDKs @azure/arm-compute 25 and
 * @azure/arm-network 39 call.
 */

export interface Call {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Path with names in braces; compared without regard to letter case, as ARM does. */
  path: string;
  action: string;
  source: string;
}

const COMPUTE = '/subscriptions/{subscription}/providers/Microsoft.Compute';
const NETWORK = '/subscriptions/{subscription}/providers/Microsoft.Network';
const VM = '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{vm}';
const RUN = `${VM}/runCommands/{command}`;
const NET = '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network';
const LB = `${NET}/loadBalancers/{lb}`;

export const CALLS = {
  listSubscriptions: {
    method: 'GET',
    path: '/subscriptions',
    action: 'Microsoft.Resources/subscriptions/read',
    source: '[management] Gets the list of subscriptions; answers with those that the caller may see',
  },
  listVms: {
    method: 'GET',
    path: `${COMPUTE}/virtualMachines`,
    action: 'Microsoft.Compute/virtualMachines/read',
    source: '[compute] Get the properties of a virtual machine; also with statusOnly=true',
  },
  getVm: {
    method: 'GET',
    path: VM,
    action: 'Microsoft.Compute/virtualMachines/read',
    source: '[compute] Get the properties of a virtual machine; also with $expand=instanceView',
  },
  instanceView: {
    method: 'GET',
    path: `${VM}/instanceView`,
    action: 'Microsoft.Compute/virtualMachines/instanceView/read',
    source: '[compute] Gets the detailed runtime status of the virtual machine and its resources',
  },
  startVm: {
    method: 'POST',
    path: `${VM}/start`,
    action: 'Microsoft.Compute/virtualMachines/start/action',
    source: '[compute] Starts the virtual machine',
  },
  powerOffVm: {
    method: 'POST',
    path: `${VM}/powerOff`,
    action: 'Microsoft.Compute/virtualMachines/powerOff/action',
    source: '[compute] Powers off the virtual machine',
  },
  deallocateVm: {
    method: 'POST',
    path: `${VM}/deallocate`,
    action: 'Microsoft.Compute/virtualMachines/deallocate/action',
    source: '[compute] Powers off the virtual machine and releases the compute resources',
  },
  restartVm: {
    method: 'POST',
    path: `${VM}/restart`,
    action: 'Microsoft.Compute/virtualMachines/restart/action',
    source: '[compute] Restarts the virtual machine',
  },
  performMaintenance: {
    method: 'POST',
    path: `${VM}/performMaintenance`,
    action: 'Microsoft.Compute/virtualMachines/performMaintenance/action',
    source:
      '[compute] Performs Maintenance Operation on the VM: it moves to a host that was updated, and restarts there',
  },
  reapplyVm: {
    method: 'POST',
    path: `${VM}/reapply`,
    action: 'Microsoft.Compute/virtualMachines/reapply/action',
    source: "[compute] Reapplies a virtual machine's current model",
  },
  listRunCommands: {
    method: 'GET',
    path: `${VM}/runCommands`,
    action: 'Microsoft.Compute/virtualMachines/runCommands/read',
    source: '[compute] Get the properties of a virtual machine run command',
  },
  getRunCommand: {
    method: 'GET',
    path: RUN,
    action: 'Microsoft.Compute/virtualMachines/runCommands/read',
    source: '[compute] Get the properties of a virtual machine run command',
  },
  putRunCommand: {
    method: 'PUT',
    path: RUN,
    action: 'Microsoft.Compute/virtualMachines/runCommands/write',
    source: '[compute] Creates a new virtual machine run command or updates an existing one',
  },
  deleteRunCommand: {
    method: 'DELETE',
    path: RUN,
    action: 'Microsoft.Compute/virtualMachines/runCommands/delete',
    source: '[compute] Deletes the virtual machine run command',
  },
  computeOperation: {
    method: 'GET',
    path: `${COMPUTE}/locations/{location}/operations/{operation}`,
    action: 'Microsoft.Compute/locations/operations/read',
    source: '[compute] Gets the status of an asynchronous operation',
  },
  listNics: {
    method: 'GET',
    path: `${NETWORK}/networkInterfaces`,
    action: 'Microsoft.Network/networkInterfaces/read',
    source: '[network] Gets a network interface definition',
  },
  getNic: {
    method: 'GET',
    path: `${NET}/networkInterfaces/{nic}`,
    action: 'Microsoft.Network/networkInterfaces/read',
    source: '[network] Gets a network interface definition',
  },
  listLoadBalancers: {
    method: 'GET',
    path: `${NETWORK}/loadBalancers`,
    action: 'Microsoft.Network/loadBalancers/read',
    source: '[network] Gets a load balancer definition',
  },
  getLoadBalancer: {
    method: 'GET',
    path: LB,
    action: 'Microsoft.Network/loadBalancers/read',
    source: '[network] Gets a load balancer definition',
  },
  ruleHealth: {
    method: 'POST',
    path: `${LB}/loadBalancingRules/{rule}/health`,
    action: 'Microsoft.Network/loadBalancers/loadBalancingRules/health/action',
    source: '[network] Get Health Details of Load Balancing Rule',
  },
  listNetworks: {
    method: 'GET',
    path: `${NETWORK}/virtualNetworks`,
    action: 'Microsoft.Network/virtualNetworks/read',
    source: '[network] Get the virtual network definition',
  },
  listSecurityGroups: {
    method: 'GET',
    path: `${NETWORK}/networkSecurityGroups`,
    action: 'Microsoft.Network/networkSecurityGroups/read',
    source: '[network] Gets a network security group definition',
  },
  listRouteTables: {
    method: 'GET',
    path: `${NETWORK}/routeTables`,
    action: 'Microsoft.Network/routeTables/read',
    source: '[network] Gets a route table definition',
  },
  listLocks: {
    method: 'GET',
    path: '/subscriptions/{subscription}/providers/Microsoft.Authorization/locks',
    action: 'Microsoft.Authorization/locks/read',
    source: '[management] Gets locks at the specified scope; those of everything within too',
  },
  listSkus: {
    method: 'GET',
    path: `${COMPUTE}/skus`,
    action: 'Microsoft.Compute/skus/read',
    source: '[compute] Gets the list of Microsoft.Compute SKUs available for your Subscription; filtered by location',
  },
  networkOperationResult: {
    method: 'GET',
    path: `${NETWORK}/locations/{location}/operationResults/{operation}`,
    action: 'Microsoft.Network/locations/operationResults/read',
    source: '[network] Gets operation result of an async POST or DELETE operation',
  },
} as const satisfies Record<string, Call>;

export type CallName = keyof typeof CALLS;

interface Matched {
  name: CallName;
  call: Call;
  params: Record<string, string>;
}

const COMPILED = Object.entries(CALLS).map(([name, call]) => ({
  name: name as CallName,
  call: call as Call,
  pattern: new RegExp(`^${call.path.replaceAll('.', '\\.').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`, 'i'),
}));

/** The call that a request is, with the names from its path; undefined when it is not modelled. */
export function matchCall(method: string, path: string): Matched | undefined {
  for (const { name, call, pattern } of COMPILED) {
    const found = call.method === method ? pattern.exec(path) : null;
    if (found) return { name, call, params: { ...found.groups } };
  }
  return undefined;
}
