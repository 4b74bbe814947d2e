// What azd deploys: parameters from its environment (`azd env set NAME VALUE`). Lists have commas between.
using 'main.bicep'

param prefix = readEnvironmentVariable('HAIRPIN_PREFIX', 'hairpin')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', '')
param tags = json(readEnvironmentVariable('HAIRPIN_TAGS', '{}'))

param subscriptionIds = filter(
  split(readEnvironmentVariable('HAIRPIN_SUBSCRIPTIONS', readEnvironmentVariable('AZURE_SUBSCRIPTION_ID', '')), ','),
  id => !empty(id)
)
param scopeIds = filter(split(readEnvironmentVariable('HAIRPIN_SCOPE', ''), ','), id => !empty(id))
param enforcement = readEnvironmentVariable('HAIRPIN_ENFORCEMENT', 'audit')
param settings = json(readEnvironmentVariable('HAIRPIN_SETTINGS', '{}'))

param existingWorkspaceId = readEnvironmentVariable('HAIRPIN_WORKSPACE_ID', '')
param existingSystemTopicIds = filter(
  split(readEnvironmentVariable('HAIRPIN_SYSTEM_TOPIC_IDS', ''), ','),
  id => !empty(id)
)
param existingHealthTopicIds = filter(
  split(readEnvironmentVariable('HAIRPIN_HEALTH_TOPIC_IDS', ''), ','),
  id => !empty(id)
)
param existingReadRoleId = readEnvironmentVariable('HAIRPIN_READ_ROLE_ID', '')
param existingRepairRoleId = readEnvironmentVariable('HAIRPIN_REPAIR_ROLE_ID', '')
param assignRoles = bool(readEnvironmentVariable('HAIRPIN_ASSIGN_ROLES', 'true'))
param publisherPrincipalIds = filter(
  split(readEnvironmentVariable('HAIRPIN_PUBLISHER_PRINCIPAL_IDS', ''), ','),
  id => !empty(id)
)
param appSubnetId = readEnvironmentVariable('HAIRPIN_APP_SUBNET_ID', '')
param endpointSubnetId = readEnvironmentVariable('HAIRPIN_ENDPOINT_SUBNET_ID', '')
param dnsZoneIds = json(readEnvironmentVariable('HAIRPIN_DNS_ZONE_IDS', '{}'))
param eventsTopicId = readEnvironmentVariable('HAIRPIN_EVENTS_TOPIC_ID', '')
param withAlerts = bool(readEnvironmentVariable('HAIRPIN_WITH_ALERTS', 'true'))
param actionGroupIds = filter(
  split(readEnvironmentVariable('HAIRPIN_ACTION_GROUP_IDS', ''), ','),
  id => !empty(id)
)
param authClientId = readEnvironmentVariable('HAIRPIN_AUTH_CLIENT_ID', '')

// azure.yaml sets it once the code is there.
param codeIsThere = bool(readEnvironmentVariable('HAIRPIN_CODE_IS_THERE', 'false'))
