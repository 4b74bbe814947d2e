// The two custom roles in one subscription, from infra/roles/*.json.
targetScope = 'subscription'

import { roleGuidOf } from '../names.bicep'

@description('Prefix and suffix of the installation: names of custom roles are unique in a tenant.')
param installation string
param withRead bool
param withRepair bool

var readRole = loadJsonContent('../roles/read.json')
var repairRole = loadJsonContent('../roles/repair.json')
// Two subscriptions of one installation have roles of their own, and names of their own.
var inName = '${installation}-${take(uniqueString(subscription().subscriptionId, installation), 8)}'

resource read 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (withRead) {
  name: roleGuidOf(subscription().subscriptionId, installation, 'read')
  properties: {
    roleName: '${readRole.Name} ${inName}'
    description: readRole.Description
    type: 'customRole'
    assignableScopes: [subscription().id]
    permissions: [
      {
        actions: readRole.Actions
        notActions: readRole.NotActions
        dataActions: readRole.DataActions
        notDataActions: readRole.NotDataActions
      }
    ]
  }
}

resource repair 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (withRepair) {
  name: roleGuidOf(subscription().subscriptionId, installation, 'repair')
  properties: {
    roleName: '${repairRole.Name} ${inName}'
    description: repairRole.Description
    type: 'customRole'
    assignableScopes: [subscription().id]
    permissions: [
      {
        actions: repairRole.Actions
        notActions: repairRole.NotActions
        dataActions: repairRole.DataActions
        notDataActions: repairRole.NotDataActions
      }
    ]
  }
}
