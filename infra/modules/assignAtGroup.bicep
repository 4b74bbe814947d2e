// One role for the app's identity on a resource group.

@description('GUID of the role definition.')
param roleGuid string
@description('The app’s identity. It is in the assignment’s name: an identity made anew needs a new one.')
param principalId string

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, roleGuid, principalId)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleGuid)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
