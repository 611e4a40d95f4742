// Names, not outputs of modules: what-if sees the names of the assignments only where it need not deploy to know them.
@description('Identity of the app.')
param identityName string
param storageName string
param vaultName string
param applicationInsightsName string

@description('None: durable state is in Azure Storage, which takes queues and tables as well.')
param durableTask { scheduler: string, taskHub: string }?
param openAiName string?

@description('Group of people who may write secrets.')
param vaultWriters string?

var roles = loadJsonContent('../roles.json')
var storageRoles = durableTask == null
  ? [roles.storageBlobDataOwner, roles.storageQueueDataContributor, roles.storageTableDataContributor]
  : [roles.storageBlobDataOwner]

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: storageName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource scheduler 'Microsoft.DurableTask/schedulers@2025-11-01' existing = {
  name: durableTask.?scheduler ?? 'none'

  resource taskHub 'taskHubs' existing = {
    name: durableTask.?taskHub ?? 'none'
  }
}

resource openAi 'Microsoft.CognitiveServices/accounts@2025-06-01' existing = {
  name: openAiName ?? 'none'
}

// The whole account: the host makes containers of its own beside ours.
resource onStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in storageRoles: {
    scope: storage
    name: guid(storage.id, identity.id, role)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource onVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, identity.id, roles.keyVaultSecretsUser)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource onApplicationInsights 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: applicationInsights
  name: guid(applicationInsights.id, identity.id, roles.monitoringMetricsPublisher)
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.monitoringMetricsPublisher
    )
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource onTaskHub 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (durableTask != null) {
  scope: scheduler::taskHub
  name: guid(scheduler::taskHub.id, identity.id, roles.durableTaskDataContributor)
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.durableTaskDataContributor
    )
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource onOpenAi 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (openAiName != null) {
  scope: openAi
  name: guid(openAi.id, identity.id, roles.cognitiveServicesOpenAiUser)
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.cognitiveServicesOpenAiUser
    )
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource ofOfficers 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (vaultWriters != null) {
  scope: vault
  name: guid(vault.id, vaultWriters!, roles.keyVaultSecretsOfficer)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsOfficer)
    principalId: vaultWriters!
    principalType: 'Group'
  }
}
