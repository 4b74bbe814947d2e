// A VM that is available again, for the function resourceChange: all that is told of one that Azure moved to another host.
// Made after the code is there: Event Grid looks for the function.

param topicName string
@description('Id of the function in the app.')
param functionId string
@description('Id of the storage account for dead letters; empty: none, as for a topic that has no identity of its own.')
param deadLetterStorageId string
param deadLetterContainer string

var deadLetters = {
  deadLetterWithResourceIdentity: {
    identity: { type: 'SystemAssigned' }
    deadLetterDestination: {
      endpointType: 'StorageBlob'
      properties: {
        resourceId: deadLetterStorageId
        blobContainerName: deadLetterContainer
      }
    }
  }
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource subscription 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'availability'
  properties: union(
    {
      destination: {
        endpointType: 'AzureFunction'
        properties: {
          resourceId: functionId
          maxEventsPerBatch: 1
          preferredBatchSizeInKilobytes: 64
        }
      }
      eventDeliverySchema: 'CloudEventSchemaV1_0'
      filter: {
        includedEventTypes: ['Microsoft.ResourceNotifications.HealthResources.AvailabilityStatusChanged']
        advancedFilters: [
          {
            operatorType: 'StringIn'
            key: 'data.resourceInfo.properties.targetResourceType'
            values: ['Microsoft.Compute/virtualMachines']
          }
          {
            operatorType: 'StringIn'
            key: 'data.resourceInfo.properties.availabilityState'
            values: ['Available']
          }
        ]
      }
      retryPolicy: {
        maxDeliveryAttempts: 30
        eventTimeToLiveInMinutes: 1440
      }
    },
    empty(deadLetterStorageId) ? {} : deadLetters
  )
}
