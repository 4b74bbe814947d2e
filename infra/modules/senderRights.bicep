// Lets identities publish to a topic: those of mirror VMs to the topic of failovers, the app's to the topic for its events.

param topicName string
@description('Principal ids of the identities.')
param principalIds array

// EventGrid Data Sender (learn.microsoft.com, "Azure built-in roles").
var role = 'd5a91429-5739-47e2-a06b-3470a27159e7'

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: topicName
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principalId in principalIds: {
    name: guid(topic.id, role, principalId)
    scope: topic
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
      principalId: principalId
      principalType: 'ServicePrincipal'
    }
  }
]
