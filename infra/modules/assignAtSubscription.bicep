// One role for the app's identity on a whole subscription.
targetScope = 'subscription'

@description('GUID of the role definition.')
param roleGuid string
@description('The app’s identity. It is in the assignment’s name: an identity made anew needs a new one.')
param principalId string

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, roleGuid, principalId)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleGuid)
    principalId: principalId
    // Said, so that Azure does not look a new identity up before it is known everywhere.
    principalType: 'ServicePrincipal'
  }
}
