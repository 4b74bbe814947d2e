// A topic on which Azure tells of resources in one subscription. It lives in that subscription, and a source has one topic
// of a type only.

param name string
@allowed(['Microsoft.Resources.Subscriptions', 'Microsoft.ResourceNotifications.HealthResources'])
param topicType string
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
    topicType: topicType
  }
}

output name string = topic.name
output principalId string = topic.identity.principalId
