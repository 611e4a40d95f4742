import { openAiDeployment } from '../types.bicep'

param name string
param location string
param tags { *: string }
@description('Reached through a private endpoint only.')
param private bool
param deployments openAiDeployment[]

resource account 'Microsoft.CognitiveServices/accounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'OpenAI'
  sku: { name: 'S0' }
  properties: {
    customSubDomainName: name
    disableLocalAuth: true
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
  }
}

// The account takes one change at a time.
@batchSize(1)
resource models 'Microsoft.CognitiveServices/accounts/deployments@2025-06-01' = [
  for deployment in deployments: {
    parent: account
    name: deployment.name
    sku: { name: deployment.?sku ?? 'GlobalStandard', capacity: deployment.capacity }
    properties: {
      model: { format: 'OpenAI', name: deployment.model, version: deployment.version }
      // A model that changes by itself makes two runs of one experiment incomparable.
      versionUpgradeOption: 'NoAutoUpgrade'
    }
  }
]

output endpoint string = account.properties.endpoint
