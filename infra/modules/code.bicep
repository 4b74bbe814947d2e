// Puts a released package onto the app, for those who have no azd.

param appName string
@description('Address of the zip, as it is linked on the releases page.')
param packageUri string

resource site 'Microsoft.Web/sites@2024-04-01' existing = {
  name: appName
}

resource code 'Microsoft.Web/sites/extensions@2024-04-01' = {
  parent: site
  name: 'onedeploy'
  // Bicep’s types do not know what the extension takes; its documentation does.
  #disable-next-line BCP187
  properties: {
    packageUri: packageUri
    // The package is a bundle: there is nothing to install.
    remoteBuild: false
  }
}
