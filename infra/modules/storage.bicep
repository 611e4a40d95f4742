param name string
param location string
param tags { *: string }

@description('Container that the platform takes the app from.')
param packageContainer string

@description('Container of uploads and exports.')
param artifactContainer string

@allowed(['Standard_LRS', 'Standard_ZRS'])
param redundancy string

@description('Reached through a private endpoint only.')
param private bool

@minValue(1)
@maxValue(365)
param softDeleteDays int

resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: redundancy }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // Instances of Flex Consumption have no fixed addresses: without a network of one's own, identity is the lock.
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
    networkAcls: { defaultAction: private ? 'Deny' : 'Allow', bypass: 'AzureServices' }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: { enabled: true, days: softDeleteDays }
      containerDeleteRetentionPolicy: { enabled: true, days: softDeleteDays }
    }

    resource containers 'containers' = [
      for container in [packageContainer, artifactContainer]: {
        name: container
        properties: { publicAccess: 'None' }
      }
    ]
  }
}

output blobEndpoint string = storage.properties.primaryEndpoints.blob
output queueEndpoint string = storage.properties.primaryEndpoints.queue
output tableEndpoint string = storage.properties.primaryEndpoints.table
