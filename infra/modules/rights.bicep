// What the app may do to VMs: the custom roles and their assignments, over all subscriptions.
targetScope = 'subscription'

import { roleGuidOf } from '../names.bicep'

@description('Prefix and suffix of the installation.')
param installation string
@description('The app’s identity.')
param principalId string
@description('Subscriptions that are looked after: the read role is assigned on each.')
param subscriptionIds array
@description('Ids of subscriptions, resource groups and VMs on which the repair role is assigned.')
param repairScopeIds array
@description('GUID or id of a role to take instead of the custom read role; empty: it is made.')
param existingReadRoleId string
@description('GUID or id of a role to take instead of the custom repair role; empty: it is made.')
param existingRepairRoleId string

var existingRead = last(split(existingReadRoleId, '/'))
var existingRepair = last(split(existingRepairRoleId, '/'))

// /subscriptions/S, /subscriptions/S/resourceGroups/G and /subscriptions/S/resourceGroups/G/providers/P/T/VM
var atSubscription = filter(repairScopeIds, id => length(split(id, '/')) == 3)
var atGroup = filter(repairScopeIds, id => length(split(id, '/')) == 5)
var atVm = filter(repairScopeIds, id => length(split(id, '/')) == 9)

module definitions 'roleDefinitions.bicep' = [
  for id in subscriptionIds: if (empty(existingRead) || empty(existingRepair)) {
    name: 'hairpin-roles-${uniqueString(id, installation)}'
    scope: subscription(id)
    params: {
      installation: installation
      withRead: empty(existingRead)
      withRepair: empty(existingRepair)
    }
  }
]

module reads 'assignAtSubscription.bicep' = [
  for id in subscriptionIds: {
    name: 'hairpin-read-${uniqueString(id, installation)}'
    scope: subscription(id)
    params: {
      roleGuid: empty(existingRead) ? roleGuidOf(id, installation, 'read') : existingRead
      principalId: principalId
    }
    dependsOn: [definitions]
  }
]

module repairsAtSubscription 'assignAtSubscription.bicep' = [
  for id in atSubscription: {
    name: 'hairpin-repair-${uniqueString(id, installation)}'
    scope: subscription(split(id, '/')[2])
    params: {
      roleGuid: empty(existingRepair) ? roleGuidOf(split(id, '/')[2], installation, 'repair') : existingRepair
      principalId: principalId
    }
    dependsOn: [definitions]
  }
]

module repairsAtGroup 'assignAtGroup.bicep' = [
  for id in atGroup: {
    name: 'hairpin-repair-${uniqueString(id, installation)}'
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      roleGuid: empty(existingRepair) ? roleGuidOf(split(id, '/')[2], installation, 'repair') : existingRepair
      principalId: principalId
    }
    dependsOn: [definitions]
  }
]

module repairsAtVm 'assignAtVm.bicep' = [
  for id in atVm: {
    name: 'hairpin-repair-${uniqueString(id, installation)}'
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      vmName: last(split(id, '/'))
      roleGuid: empty(existingRepair) ? roleGuidOf(split(id, '/')[2], installation, 'repair') : existingRepair
      principalId: principalId
    }
    dependsOn: [definitions]
  }
]
