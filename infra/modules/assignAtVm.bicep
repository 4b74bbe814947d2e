// One role for the app's identity on a single VM.

@description('Name of the VM, in this resource group.')
param vmName string
@description('GUID of the role definition.')
param roleGuid string
@description('The app’s identity. It is in the assignment’s name: an identity made anew needs a new one.')
param principalId string

resource vm 'Microsoft.Compute/virtualMachines@2024-07-01' existing = {
  name: vmName
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vm.id, roleGuid, principalId)
  scope: vm
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleGuid)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
