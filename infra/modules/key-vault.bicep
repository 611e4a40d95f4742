param name string
param location string
param tags { *: string }
param workspaceId string

@description('Reached through a private endpoint only.')
param private bool

@description('Settings of the app that are secrets.')
param secretSettings string[]

@description('Values by setting. What is missing or empty is not written: a secret that is already in the vault stays.')
@secure()
param secretValues { *: string }

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    // Deployments write secrets as a trusted service, whatever the network.
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
    networkAcls: { defaultAction: private ? 'Deny' : 'Allow', bypass: 'AzureServices' }
  }
}

resource secrets 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = [
  for setting in secretSettings: if (!empty(secretValues[?setting])) {
    parent: vault
    name: toLower(replace(setting, '_', '-'))
    properties: {
      value: secretValues[setting]
      contentType: setting
    }
  }
]

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'audit'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

output url string = vault.properties.vaultUri
