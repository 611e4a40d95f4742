// Every option that the two deployments of the repository leave alone.
using 'main.bicep'

param environmentName = 'everything'
param location = 'swedencentral'

param alwaysReadyHttp = 2
param alwaysReadyDurable = 2
param zoneRedundant = true
param allowedAddressRanges = ['203.0.113.0/24', '198.51.100.7/32']
param frontDoorId = 'front-door-id'
param extraSettings = {
  SQ_LOG_LEVEL: 'warn'
  SQ_COMPATIBLE_PROVIDERS: '[{"name":"lab","baseUrl":"https://lab.example.org/v1","keySetting":"SQ_KEY_LAB"}]'
}
param entra = {
  audience: 'api://study'
  roles: { Researcher: ['study:read', 'inference:write'], Operator: ['admin'] }
  dashboardClientId: guid('registration of the dashboard')
  scope: 'api://study/access_as_user'
}

param keyVaultSettings = 'SQ_ADMIN_KEY, SQ_KEY_LAB'
param secretValues = { SQ_ADMIN_KEY: 'x', SQ_KEY_LAB: 'x' }
param vaultWriters = 'object-id-of-a-group'

param databaseSku = 'Standard_E4ds_v5'
param databaseReplica = true
param databaseAllowAzureServices = false
param databaseAllowedRanges = [{ name: 'office', start: '203.0.113.1', end: '203.0.113.9' }]
param databaseAdministrators = [{ objectId: 'object-id-of-a-person', name: 'dba@example.org', type: 'User' }]
param appAdministersDatabase = false
param migrationFederation = {
  issuer: 'https://token.actions.githubusercontent.com'
  subject: 'repo:example/study-query-llm:environment:prod'
}

param durableBackend = 'storage'

param openAiLocation = 'francecentral'
param openAiDeployments = [
  { name: 'fast', model: 'gpt-4o-mini', version: '2024-07-18', capacity: 50 }
  { name: 'good', model: 'gpt-4.1', version: '2025-04-14', capacity: 20, sku: 'DataZoneStandard', contextTokens: 1047576 }
]

param alertEmail = 'operator@example.org'
param budget = { amountUsd: 500, startDate: '2026-12-01' }
