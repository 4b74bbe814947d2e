// Names of everything that is made. The same subscription and prefix give the same names, so that a second run changes
// nothing, and two installations in a tenant never share one.

@export()
@description('The part of all names that is the installation’s own: eight letters and digits made from its subscription and prefix.')
func suffixOf(subscriptionId string, prefix string) string => take(uniqueString(subscriptionId, toLower(prefix)), 8)

@export()
@description('Prefix and suffix as they stand in names that may have hyphens: at most 21 characters.')
func installationOf(subscriptionId string, prefix string) string =>
  '${toLower(prefix)}-${suffixOf(subscriptionId, prefix)}'

@export()
@description('Of the storage account, which takes lower case letters and digits only: at most 22 characters.')
func storageNameOf(subscriptionId string, prefix string) string =>
  'st${replace(toLower(prefix), '-', '')}${suffixOf(subscriptionId, prefix)}'

@export()
@description('The GUID of a custom role. Each subscription has roles of its own: a role whose scopes shrink could not be changed any more while it is assigned there.')
func roleGuidOf(targetSubscriptionId string, installation string, kind string) string =>
  guid(targetSubscriptionId, installation, kind)
