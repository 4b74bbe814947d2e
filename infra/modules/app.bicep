// The Function app and what is its own: identity, storage, logs, the topic on which mirrors tell of failovers.
// Long: the app and what it cannot be without are told in their order.

import { Settings } from '../settings.bicep'

param location string
param tags object
@description('Tags for Run Command resources.')
param commandTags object
@description('Prefix and suffix of the installation.')
param installation string
param storageName string
param subscriptionIds array
param scopeIds array
param enforcement string
param sweepSchedule string
param watchSchedule string
param settings Settings
param instanceMemoryMB int
param maximumInstanceCount int
param alwaysReady int
param existingWorkspaceId string
param retentionDays int
param appSubnetId string
param endpointSubnetId string
param dnsZoneIds object
param authClientId string
param publishesEvents bool
@description('Where the app publishes.')
param eventsTopicEndpoint string

var containers = { packages: 'packages', deadLetters: 'dead-letters' }
// Behind private endpoints the firewall shuts; trusted services, as Event Grid with its identity, still come in.
var isPrivate = !empty(endpointSubnetId)

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${installation}'
  location: location
  tags: tags
}

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: storageName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      bypass: 'AzureServices'
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource packages 'containers' = {
      name: containers.packages
      properties: { publicAccess: 'None' }
    }

    resource deadLetters 'containers' = {
      name: containers.deadLetters
      properties: { publicAccess: 'None' }
    }
  }
}

resource endpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [
  for service in ['blob', 'queue', 'table']: if (isPrivate) {
    name: 'pe-${installation}-${service}'
    location: location
    tags: tags
    properties: {
      subnet: { id: endpointSubnetId }
      privateLinkServiceConnections: [
        {
          name: service
          properties: {
            privateLinkServiceId: storage.id
            groupIds: [service]
          }
        }
      ]
    }
  }
]

resource endpointNames 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [
  for (service, i) in ['blob', 'queue', 'table']: if (isPrivate && contains(dnsZoneIds, service)) {
    parent: endpoints[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: service
          properties: { privateDnsZoneId: dnsZoneIds[service] }
        }
      ]
    }
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = if (empty(existingWorkspaceId)) {
  name: 'log-${installation}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: { disableLocalAuth: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${installation}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: empty(existingWorkspaceId) ? workspace.id : existingWorkspaceId
    DisableLocalAuth: true
  }
}

resource topic 'Microsoft.EventGrid/topics@2025-02-15' = {
  name: 'evgt-${installation}'
  location: location
  tags: tags
  identity: {
    // Writes the dead letters.
    type: 'SystemAssigned'
  }
  properties: {
    inputSchema: 'CloudEventSchemaV1_0'
    disableLocalAuth: true
    minimumTlsVersionAllowed: '1.2'
    publicNetworkAccess: 'Enabled'
  }
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${installation}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: { reserved: true }
}

resource site 'Microsoft.Web/sites@2024-04-01' = {
  name: 'func-${installation}'
  location: location
  // By this tag azd finds where the code goes.
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: empty(appSubnetId) ? null : appSubnetId
    siteConfig: { minTlsVersion: '1.2' }
    functionAppConfig: {
      runtime: {
        name: 'node'
        version: '22'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        // From the event to the command: the functions that a failover passes.
        alwaysReady: [
          for name in (alwaysReady > 0 ? ['function:mirrorFailover', 'function:reconcile'] : []): {
            name: name
            instanceCount: alwaysReady
          }
        ]
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${containers.packages}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
    }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(
      // Only those that were given; the others have their value in the app.
      mapValues(toObject(filter(items(settings), item => item.value != null), item => item.key), item => string(item.value)),
      publishesEvents ? { HAIRPIN_EVENTS_TOPIC: eventsTopicEndpoint } : {},
      {
        APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
        APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
        AZURE_CLIENT_ID: identity.properties.clientId
        AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential'
        AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
        AzureWebJobsStorage__clientId: identity.properties.clientId
        AzureWebJobsStorage__credential: 'managedidentity'
        AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
        AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
        HAIRPIN_ARM_AUDIENCE: environment().resourceManager
        HAIRPIN_ARM_ENDPOINT: environment().resourceManager
        // Policies that require tags hold for Run Command resources too.
        HAIRPIN_COMMAND_TAGS: string(commandTags)
        HAIRPIN_ENFORCEMENT: enforcement
        HAIRPIN_SCOPE: join(scopeIds, ',')
        HAIRPIN_SUBSCRIPTIONS: join(subscriptionIds, ',')
        HAIRPIN_SWEEP_SCHEDULE: sweepSchedule
        HAIRPIN_WATCH_SCHEDULE: watchSchedule
      }
    )
  }

  resource auth 'config' = if (!empty(authClientId)) {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true }
      globalValidation: {
        requireAuthentication: true
        unauthenticatedClientAction: 'Return401'
        // Event Grid comes with the key of the host's extension, not with a sign-in.
        excludedPaths: ['/runtime/webhooks/EventGrid']
      }
      httpSettings: { requireHttps: true }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: authClientId
            openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          }
          validation: {
            allowedAudiences: ['api://${authClientId}', authClientId]
          }
        }
      }
      login: { tokenStore: { enabled: false } }
    }
  }
}

output appId string = site.id
output appName string = site.name
output hostName string = site.properties.defaultHostName
output principalId string = identity.properties.principalId
output storageId string = storage.id
output insightsName string = insights.name
output topicName string = topic.name
output topicEndpoint string = topic.properties.endpoint
output topicPrincipalId string = topic.identity.principalId
output deadLetterContainer string = containers.deadLetters
