// Roles that are there already, made by somebody who may.
using '../main.bicep'

param location = 'westeurope'
param existingReadRoleId = '/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-0000-0000-0000000000a1'
param existingRepairRoleId = '00000000-0000-0000-0000-0000000000a2'
