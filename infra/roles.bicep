// The rights alone, for the person who may write roles: deployed after main.bicep was with assignRoles=false, with the
// same prefix and scopes, into the same subscription.
targetScope = 'subscription'

import { installationOf, storageNameOf } from 'names.bicep'

@description('As in main.bicep.')
@minLength(2)
@maxLength(12)
param prefix string = 'hairpin'

@description('The app’s identity: output principalId of main.bicep.')
@minLength(36)
@maxLength(36)
param principalId string

@description('Ids of the subscriptions that are looked after, as in main.bicep.')
@minLength(1)
param subscriptionIds string[] = [subscription().subscriptionId]

@description('Ids of subscriptions, resource groups and VMs on which commands may be run, as in main.bicep. Empty: the subscriptions.')
param scopeIds string[] = []

@description('Principal ids of the identities of the topics, which write dead letters: of evgt-… and of each evgst-….')
param topicPrincipalIds string[] = []

@description('Principal ids of the mirror VMs’ identities, which then may tell of failovers.')
param publisherPrincipalIds string[] = []

@description('Id of the topic to which the app publishes, as in main.bicep; empty: none.')
param eventsTopicId string = ''

@description('GUID or id of a role to take instead of the custom role that reads; empty: it is made.')
param existingReadRoleId string = ''

@description('GUID or id of a role to take instead of the custom role that runs commands; empty: it is made.')
param existingRepairRoleId string = ''

var installation = installationOf(subscription().subscriptionId, prefix)

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' existing = {
  name: 'rg-${installation}'
}

module rights 'modules/rights.bicep' = {
  name: 'hairpin-rights-${installation}'
  params: {
    installation: installation
    principalId: principalId
    subscriptionIds: subscriptionIds
    repairScopeIds: empty(scopeIds) ? map(subscriptionIds, id => '/subscriptions/${id}') : scopeIds
    existingReadRoleId: existingReadRoleId
    existingRepairRoleId: existingRepairRoleId
  }
}

module dataRights 'modules/dataRights.bicep' = {
  name: 'hairpin-data-rights'
  scope: group
  params: {
    storageName: storageNameOf(subscription().subscriptionId, prefix)
    insightsName: 'appi-${installation}'
    principalId: principalId
  }
}

module deadLetters 'modules/deadLetterRights.bicep' = [
  for id in topicPrincipalIds: {
    name: 'hairpin-dead-letters-${uniqueString(id, installation)}'
    scope: group
    params: {
      storageName: storageNameOf(subscription().subscriptionId, prefix)
      containerName: 'dead-letters'
      principalId: id
    }
  }
]

module eventsSender 'modules/senderRights.bicep' = if (!empty(eventsTopicId)) {
  name: 'hairpin-events-${installation}'
  scope: resourceGroup(split(eventsTopicId, '/')[2], split(eventsTopicId, '/')[4])
  params: {
    topicName: last(split(eventsTopicId, '/'))
    principalIds: [principalId]
  }
}

module senders 'modules/senderRights.bicep' = if (!empty(publisherPrincipalIds)) {
  name: 'hairpin-sender-rights'
  scope: group
  params: {
    topicName: 'evgt-${installation}'
    principalIds: publisherPrincipalIds
  }
}
