// Everything that an installation is: one resource group with the app, system topics in the subscriptions that it looks
// after, and its rights there.
// Long: an installation’s parameters and outputs are read in one place.
targetScope = 'subscription'

import { Settings } from 'settings.bicep'
import { installationOf, storageNameOf } from 'names.bicep'

@description('Begins all names, with a part after it that is made from the subscription and this.')
@minLength(2)
@maxLength(12)
param prefix string = 'hairpin'

@description('Region of the app: best that of the mirrors.')
param location string = deployment().location

@description('Name of the environment, by which azd finds what it made. Empty without azd.')
param environmentName string = ''

@description('Tags for everything that is made, Run Command resources too: those that your policies require.')
param tags object = {}

@description('Ids of the subscriptions that are looked after.')
@minLength(1)
param subscriptionIds string[] = [subscription().subscriptionId]

@description('Ids of subscriptions, resource groups and VMs: nothing outside is touched, and the right to run commands is given on these alone. Empty: the subscriptions.')
param scopeIds string[] = []

@description('audit looks into guests and changes nothing; enforce repairs.')
@allowed(['audit', 'enforce'])
param enforcement string = 'audit'

@description('When the compliance sweep runs: NCRONTAB with seconds, in UTC.')
param sweepSchedule string = '0 7 * * * *'

@description('When the watch looks for primaries that moved: NCRONTAB with seconds, in UTC.')
param watchSchedule string = '30 * * * * *'

@description('Further settings of the app, by their names.')
param settings Settings = {}

@description('Memory of an instance in MB. 2048 is enough for 10,000 VMs.')
@allowed([2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances at a time. One is enough for most estates; Azure takes no number below 40.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances kept warm for each function that a failover passes, paid for all the time. A single one is drained now and then: none, or two and more.')
@allowed([0, 2, 3, 4])
param alwaysReady int = 0

@description('Id of a Log Analytics workspace to use; empty: one is made.')
param existingWorkspaceId string = ''

@description('Days that logs are kept in a workspace that is made here.')
@minValue(30)
@maxValue(730)
param retentionDays int = 30

@description('Ids of system topics of type Microsoft.Resources.Subscriptions that are there already: a subscription has one only. Empty: topics are made.')
param existingSystemTopicIds string[] = []

@description('Ids of system topics of type Microsoft.ResourceNotifications.HealthResources that are there already. Empty: topics are made.')
param existingHealthTopicIds string[] = []

@description('GUID or id of a role to take instead of the custom role that reads; empty: it is made.')
param existingReadRoleId string = ''

@description('GUID or id of a role to take instead of the custom role that runs commands; empty: it is made.')
param existingRepairRoleId string = ''

@description('Whether roles are made and assigned here. Otherwise a person who may do so deploys roles.bicep.')
param assignRoles bool = true

@description('Principal ids of the mirror VMs’ identities, which then may tell of failovers.')
param publisherPrincipalIds string[] = []

@description('Id of an Event Grid topic that takes CloudEvents, to which the app publishes what it finds; empty: none.')
param eventsTopicId string = ''

@description('Whether alerts over the log and the workbook are made.')
param withAlerts bool = true

@description('Ids of action groups that alerts call. Empty: they show in the portal alone.')
param actionGroupIds string[] = []

@description('A path whose connections come back rings when it stays so for longer, minutes.')
@minValue(5)
@maxValue(120)
param exposedMinutes int = 15

@description('A path that a failover would expose rings when it stays so for longer, minutes.')
@minValue(5)
@maxValue(43200)
param latentMinutes int = 1500

@description('Without a sweep that ended for longer, it rings: two intervals of the schedule and what a sweep takes, minutes.')
@minValue(10)
@maxValue(2880)
param noSweepMinutes int = 130

@description('Id of a subnet for the app, its own and delegated to Microsoft.App/environments; empty: no virtual network.')
param appSubnetId string = ''

@description('Id of a subnet for private endpoints of the storage, which then takes no other traffic; needs appSubnetId. Empty: none.')
param endpointSubnetId string = ''

@description('Ids of private DNS zones for the endpoints, by service. A service without one is named by your own DNS.')
param dnsZoneIds { blob: string?, queue: string?, table: string? } = {}

@description('Client id of an app registration: who calls the HTTP functions must then sign in with Entra ID. Empty: function keys alone.')
param authClientId string = ''

@description('Address of a released package, which is then put onto the app. Empty with azd, which brings the code itself.')
param packageUri string = ''

@description('Whether the code is on the app already, as azd says after its deployment: event subscriptions look for the functions.')
param codeIsThere bool = false

var installation = installationOf(subscription().subscriptionId, prefix)
var groupName = 'rg-${installation}'
var allTags = empty(environmentName) ? tags : union(tags, { 'azd-env-name': environmentName })
var repairScopeIds = empty(scopeIds) ? map(subscriptionIds, id => '/subscriptions/${id}') : scopeIds
var withEvents = codeIsThere || !empty(packageUri)
var topicSubscriptionIds = map(existingSystemTopicIds, id => toLower(split(id, '/')[2]))
var ownTopicSubscriptionIds = filter(subscriptionIds, id => !contains(topicSubscriptionIds, toLower(id)))

var healthSubscriptionIds = map(existingHealthTopicIds, id => toLower(split(id, '/')[2]))
var ownHealthSubscriptionIds = filter(subscriptionIds, id => !contains(healthSubscriptionIds, toLower(id)))

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: groupName
  location: location
  tags: allTags
}

module app 'modules/app.bicep' = {
  name: 'hairpin-app'
  scope: group
  params: {
    location: location
    tags: allTags
    commandTags: tags
    installation: installation
    storageName: storageNameOf(subscription().subscriptionId, prefix)
    subscriptionIds: subscriptionIds
    scopeIds: scopeIds
    enforcement: enforcement
    sweepSchedule: sweepSchedule
    watchSchedule: watchSchedule
    settings: settings
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReady: alwaysReady
    existingWorkspaceId: existingWorkspaceId
    retentionDays: retentionDays
    appSubnetId: appSubnetId
    endpointSubnetId: endpointSubnetId
    dnsZoneIds: dnsZoneIds
    authClientId: authClientId
    publishesEvents: !empty(eventsTopicId)
    eventsTopicEndpoint: empty(eventsTopicId) ? '' : eventsTopic!.properties.endpoint
  }
}

resource eventsTopic 'Microsoft.EventGrid/topics@2025-02-15' existing = if (!empty(eventsTopicId)) {
  name: last(split(eventsTopicId, '/'))
  scope: resourceGroup(split(eventsTopicId, '/')[2], split(eventsTopicId, '/')[4])
}

module eventsSender 'modules/senderRights.bicep' = if (assignRoles && !empty(eventsTopicId)) {
  name: 'hairpin-events-${installation}'
  scope: resourceGroup(split(eventsTopicId, '/')[2], split(eventsTopicId, '/')[4])
  params: {
    topicName: last(split(eventsTopicId, '/'))
    principalIds: [app.outputs.principalId]
  }
}

module alerts 'modules/alerts.bicep' = if (withAlerts) {
  name: 'hairpin-alerts'
  scope: group
  params: {
    location: location
    tags: allTags
    installation: installation
    insightsName: app.outputs.insightsName
    actionGroupIds: actionGroupIds
    exposedMinutes: exposedMinutes
    latentMinutes: latentMinutes
    noSweepMinutes: noSweepMinutes
  }
}

module dataRights 'modules/dataRights.bicep' = if (assignRoles) {
  name: 'hairpin-data-rights'
  scope: group
  params: {
    storageName: storageNameOf(subscription().subscriptionId, prefix)
    insightsName: app.outputs.insightsName
    principalId: app.outputs.principalId
  }
}

module rights 'modules/rights.bicep' = if (assignRoles) {
  name: 'hairpin-rights-${installation}'
  params: {
    installation: installation
    principalId: app.outputs.principalId
    subscriptionIds: subscriptionIds
    repairScopeIds: repairScopeIds
    existingReadRoleId: existingReadRoleId
    existingRepairRoleId: existingRepairRoleId
  }
}

module senders 'modules/senderRights.bicep' = if (assignRoles && !empty(publisherPrincipalIds)) {
  name: 'hairpin-sender-rights'
  scope: group
  params: {
    topicName: app.outputs.topicName
    principalIds: publisherPrincipalIds
  }
}

module topicDeadLetters 'modules/deadLetterRights.bicep' = if (assignRoles) {
  name: 'hairpin-dead-letter-rights'
  scope: group
  params: {
    storageName: storageNameOf(subscription().subscriptionId, prefix)
    containerName: app.outputs.deadLetterContainer
    principalId: app.outputs.topicPrincipalId
  }
}

module groups 'modules/group.bicep' = [
  for id in union(ownTopicSubscriptionIds, ownHealthSubscriptionIds): if (toLower(id) != toLower(subscription().subscriptionId)) {
    name: 'hairpin-group-${uniqueString(id, installation)}'
    scope: subscription(id)
    params: {
      name: groupName
      location: location
      tags: allTags
    }
  }
]

module systemTopics 'modules/systemTopic.bicep' = [
  for id in ownTopicSubscriptionIds: {
    name: 'hairpin-topic-${uniqueString(id, installation)}'
    scope: resourceGroup(id, groupName)
    params: {
      name: 'evgst-${installation}'
      topicType: 'Microsoft.Resources.Subscriptions'
      tags: allTags
    }
    dependsOn: [group, groups]
  }
]

module healthTopics 'modules/systemTopic.bicep' = [
  for id in ownHealthSubscriptionIds: {
    name: 'hairpin-health-${uniqueString(id, installation)}'
    scope: resourceGroup(id, groupName)
    params: {
      name: 'evgst-health-${installation}'
      topicType: 'Microsoft.ResourceNotifications.HealthResources'
      tags: allTags
    }
    dependsOn: [group, groups]
  }
]

module healthTopicDeadLetters 'modules/deadLetterRights.bicep' = [
  for (id, i) in ownHealthSubscriptionIds: if (assignRoles) {
    name: 'hairpin-health-letters-${uniqueString(id, installation)}'
    scope: group
    params: {
      storageName: storageNameOf(subscription().subscriptionId, prefix)
      containerName: app.outputs.deadLetterContainer
      principalId: healthTopics[i].outputs.principalId
    }
  }
]

module systemTopicDeadLetters 'modules/deadLetterRights.bicep' = [
  for (id, i) in ownTopicSubscriptionIds: if (assignRoles) {
    name: 'hairpin-dead-letters-${uniqueString(id, installation)}'
    scope: group
    params: {
      storageName: storageNameOf(subscription().subscriptionId, prefix)
      containerName: app.outputs.deadLetterContainer
      principalId: systemTopics[i].outputs.principalId
    }
  }
]

module code 'modules/code.bicep' = if (!empty(packageUri)) {
  name: 'hairpin-code'
  scope: group
  params: {
    appName: app.outputs.appName
    packageUri: packageUri
  }
  // The host of the new code reads its storage at once.
  dependsOn: [dataRights]
}

module mirrorFailover 'modules/mirrorFailover.bicep' = if (withEvents) {
  name: 'hairpin-mirror-failover'
  scope: group
  params: {
    topicName: app.outputs.topicName
    functionId: '${app.outputs.appId}/functions/mirrorFailover'
    deadLetterStorageId: app.outputs.storageId
    deadLetterContainer: app.outputs.deadLetterContainer
  }
  dependsOn: [code, topicDeadLetters]
}

module resourceChange 'modules/resourceChange.bicep' = [
  for (id, i) in ownTopicSubscriptionIds: if (withEvents) {
    name: 'hairpin-changes-${uniqueString(id, installation)}'
    scope: resourceGroup(id, groupName)
    params: {
      topicName: 'evgst-${installation}'
      functionId: '${app.outputs.appId}/functions/resourceChange'
      deadLetterStorageId: app.outputs.storageId
      deadLetterContainer: app.outputs.deadLetterContainer
    }
    dependsOn: [code, systemTopics, systemTopicDeadLetters]
  }
]

module resourceChangeOfExisting 'modules/resourceChange.bicep' = [
  for id in existingSystemTopicIds: if (withEvents) {
    name: 'hairpin-changes-${uniqueString(id, installation)}'
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      topicName: last(split(id, '/'))
      functionId: '${app.outputs.appId}/functions/resourceChange'
      // Its identity is not this installation's to give rights to.
      deadLetterStorageId: ''
      deadLetterContainer: ''
    }
    dependsOn: [code]
  }
]

module availability 'modules/availability.bicep' = [
  for id in ownHealthSubscriptionIds: if (withEvents) {
    name: 'hairpin-availability-${uniqueString(id, installation)}'
    scope: resourceGroup(id, groupName)
    params: {
      topicName: 'evgst-health-${installation}'
      functionId: '${app.outputs.appId}/functions/resourceChange'
      deadLetterStorageId: app.outputs.storageId
      deadLetterContainer: app.outputs.deadLetterContainer
    }
    dependsOn: [code, healthTopics, healthTopicDeadLetters]
  }
]

module availabilityOfExisting 'modules/availability.bicep' = [
  for id in existingHealthTopicIds: if (withEvents) {
    name: 'hairpin-availability-${uniqueString(id, installation)}'
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      topicName: last(split(id, '/'))
      functionId: '${app.outputs.appId}/functions/resourceChange'
      deadLetterStorageId: ''
      deadLetterContainer: ''
    }
    dependsOn: [code]
  }
]

output AZURE_RESOURCE_GROUP string = groupName
output appName string = app.outputs.appName
output appUrl string = 'https://${app.outputs.hostName}'
@description('What roles.bicep asks for.')
output principalId string = app.outputs.principalId
@description('Where mirrors publish.')
output topicEndpoint string = app.outputs.topicEndpoint
