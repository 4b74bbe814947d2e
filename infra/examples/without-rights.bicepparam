// For a deployer who may not write roles: rights.bicepparam beside this is for the person who may.
using '../main.bicep'

param location = 'westeurope'
param assignRoles = false
param scopeIds = ['/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/healthshare']
