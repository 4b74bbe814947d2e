// The least that is given: everything else as it is by default, with a released package.
using '../main.bicep'

param location = 'westeurope'
param packageUri = 'https://example.com/ilb-hairpin-guard.zip'
