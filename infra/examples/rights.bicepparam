// For the person who may write roles, after without-rights.bicepparam was deployed.
using '../roles.bicep'

param principalId = '00000000-0000-0000-0000-00000000000d'
param scopeIds = ['/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/healthshare']
param topicPrincipalIds = [
  '00000000-0000-0000-0000-00000000000e'
  '00000000-0000-0000-0000-00000000000f'
  '00000000-0000-0000-0000-000000000010'
]
