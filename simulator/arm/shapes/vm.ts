/**
 * Virtual machines as ARM shows them. Shapes: samples vm_instanceview.json (spec example
 * VirtualMachine_Get_InstanceView.json) and the spec example VirtualMachine_ListAll.
 */
import type { Estate, EstateVm } from '../../estate/estate.ts';
import { nicId, scaleSetId, vmId } from '../../estate/ids.ts';

const DISPLAY: Record<EstateVm['power'], string> = {
  running: 'VM running',
  stopped: 'VM stopped',
  deallocated: 'VM deallocated',
};

/** Compute answers with the resource group in capitals in most places (Azure/azure-rest-api-specs#10016). */
const capitalGroup = (estate: Estate): Estate => ({ ...estate, resourceGroup: estate.resourceGroup.toUpperCase() });

const osDisk = (vm: EstateVm): string => (vm.os === 'windows' ? 'Windows' : 'Linux');

/** The VM resource; with its instance view where `$expand=instanceView` asks for it. */
export function vmResource(estate: Estate, vm: EstateVm, view: boolean): Record<string, unknown> {
  return {
    name: vm.name,
    id: vmId(capitalGroup(estate), vm.name),
    type: 'Microsoft.Compute/virtualMachines',
    location: estate.location,
    ...(vm.tags ? { tags: vm.tags } : {}),
    properties: {
      vmId: '00000000-0000-0000-0000-000000000000',
      // A flexible scale set's VM is in the list of VMs, with the set's id (spec example VirtualMachine_Get).
      ...(vm.scaleSet ? { virtualMachineScaleSet: { id: scaleSetId(capitalGroup(estate), vm.scaleSet) } } : {}),
      hardwareProfile: { vmSize: vm.size ?? 'Standard_E8s_v5' },
      storageProfile: { osDisk: { osType: osDisk(vm), name: `${vm.name}-os`, createOption: 'FromImage' } },
      osProfile: {
        computerName: vm.name,
        [vm.os === 'windows' ? 'windowsConfiguration' : 'linuxConfiguration']: {
          provisionVMAgent: vm.madeWithoutAgent !== true,
        },
        allowExtensionOperations: vm.extensionsDisallowed !== true,
      },
      networkProfile: {
        networkInterfaces: vm.nics.map((nic, i) => ({
          id: nicId(estate, nic.name),
          properties: { primary: i === 0 },
        })),
      },
      provisioningState: 'Succeeded',
      ...(view ? { instanceView: instanceView(vm) } : {}),
    },
  };
}

/** An item of the list with `statusOnly=true`: the run time status and little else. */
export function vmStatus(estate: Estate, vm: EstateVm): Record<string, unknown> {
  return {
    name: vm.name,
    id: vmId(capitalGroup(estate), vm.name),
    type: 'Microsoft.Compute/virtualMachines',
    location: estate.location,
    properties: { instanceView: { statuses: statuses(vm) } },
  };
}

/** The instance view. A VM that does not run reports no agent. */
export function instanceView(vm: EstateVm): Record<string, unknown> {
  const agent = vm.agent ?? { status: 'Ready', version: '2.11.1.12' };
  return {
    ...(vm.power === 'running'
      ? {
          computerName: vm.name,
          osName: vm.os === 'windows' ? 'Windows Server 2022 Datacenter' : 'redhat',
          osVersion: vm.os === 'windows' ? '10.0.20348.2700' : '9.4',
          vmAgent: {
            vmAgentVersion: agent.version,
            statuses: [
              {
                code: agent.status === 'Ready' ? 'ProvisioningState/succeeded' : 'ProvisioningState/Unavailable',
                level: agent.status === 'Ready' ? 'Info' : 'Warning',
                displayStatus: agent.status,
                message:
                  agent.status === 'Ready'
                    ? 'Guest Agent is running'
                    : 'VM status blob is found but not yet populated.',
                time: '2026-01-01T00:00:00+00:00',
              },
            ],
            extensionHandlers: [],
          },
        }
      : {}),
    hyperVGeneration: 'V2',
    statuses: statuses(vm),
  };
}

function statuses(vm: EstateVm): Record<string, string>[] {
  return [
    {
      code: 'ProvisioningState/succeeded',
      level: 'Info',
      displayStatus: 'Provisioning succeeded',
      time: '2026-01-01T00:00:00.0000000+00:00',
    },
    { code: `PowerState/${vm.power}`, level: 'Info', displayStatus: DISPLAY[vm.power] },
  ];
}
