// The topic on which Azure tells of changed resources in one subscription. It lives in that subscription, and a source
// has one topic only.

param name string
param tags object

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: name
  location: 'global'
  tags: tags
  identity: {
    // Writes the dead letters: no key, and storage behind a firewall takes it as a trusted service.
    type: 'SystemAssigned'
  }
  properties: {
    source: subscription().id
    topicType: 'Microsoft.Resources.Subscriptions'
  }
}

output name string = topic.name
output principalId string = topic.identity.principalId
