// Every option: two subscriptions, one with a system topic that was there, private storage, sign-in, warm instances.
using '../main.bicep'

param prefix = 'mirror-guard'
param location = 'westeurope'
param environmentName = 'production'
param tags = { owner: 'mirror-team', costCenter: '0000' }
param subscriptionIds = ['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000001']
param scopeIds = [
  '/subscriptions/00000000-0000-0000-0000-000000000000'
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/healthshare'
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/iris/providers/Microsoft.Compute/virtualMachines/hs-a'
]
param enforcement = 'enforce'
param sweepSchedule = '0 37 * * * *'
param settings = {
  HAIRPIN_CHANGE_WINDOW: '22:00-04:30'
  HAIRPIN_MAX_COMMANDS: 20
  HAIRPIN_PROOF_HOURS: 12
  HAIRPIN_COMMAND_SECONDS: 600
  HAIRPIN_COMMAND_SLACK_SECONDS: 300
  HAIRPIN_CONNECT_SECONDS: 5
  HAIRPIN_BELL_SECONDS: 10
  HAIRPIN_WATCH_SECONDS: 60
  HAIRPIN_HEALTH_PER_MINUTE: 60
  HAIRPIN_RUN_DAYS: 30
  HAIRPIN_OUTSIDE_LOAD_BALANCERS: 'serve'
  HAIRPIN_NETWORKS: '20.1.0.0/16'
  HAIRPIN_OPT_OUT_TAG: 'opt-out'
  HAIRPIN_AUDIT_TAG: 'audit'
  HAIRPIN_VIA_TAG: 'via'
  HAIRPIN_PORT_TAG: 'port'
  HAIRPIN_CONTAINER_TAG: 'containers'
}
param instanceMemoryMB = 4096
param maximumInstanceCount = 100
param alwaysReady = 2
param existingWorkspaceId = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/central'
param existingSystemTopicIds = [
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/events/providers/Microsoft.EventGrid/systemTopics/changes'
]
param existingHealthTopicIds = [
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/events/providers/Microsoft.EventGrid/systemTopics/health'
]
param publisherPrincipalIds = ['00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-00000000000b']
param appSubnetId = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/hub/subnets/functions'
param endpointSubnetId = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/hub/subnets/endpoints'
param dnsZoneIds = {
  blob: '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/network/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net'
  queue: '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/network/providers/Microsoft.Network/privateDnsZones/privatelink.queue.core.windows.net'
  table: '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/network/providers/Microsoft.Network/privateDnsZones/privatelink.table.core.windows.net'
}
param authClientId = '00000000-0000-0000-0000-00000000000c'
param eventsTopicId = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/events/providers/Microsoft.EventGrid/topics/operations'
param actionGroupIds = [
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/operations/providers/Microsoft.Insights/actionGroups/on-call'
]
param exposedMinutes = 10
param latentMinutes = 120
param noSweepMinutes = 125
param codeIsThere = true
