import { entraCallers, openAiDeployment } from '../types.bicep'

param appName string
param identityClientId string
param identityName string
param vaultName string
param vaultUrl string
param blobEndpoint string
param queueEndpoint string
param tableEndpoint string
param artifactContainer string
param databaseHost string
param pgBouncer bool
param databaseName string
param databasePoolSize int

@description('Whether the app brings its database to the newest schema; past PgBouncer, whose sessions are not its own.')
param migratesItself bool
param applicationInsightsConnectionString string
param taskHubName string

@allowed(['scheduler', 'storage'])
param durableBackend string

@description('Address of the Durable Task Scheduler, where that is the backend.')
param schedulerEndpoint string?

@description('Address of Azure OpenAI, where there are deployments.')
param openAiEndpoint string?
param openAiDeployments openAiDeployment[]

@description('Whose Entra tokens are accepted; of this tenant.')
param entra entraCallers?

@description('Settings whose value is a secret of the vault.')
param secretSettings string[]

@description('Further settings, none of them secret. They win over the table below.')
param extraSettings { *: string }

// Conditions come from parameters of the deployment, never from what it makes: what-if can tell them.
var inStorage = durableBackend == 'storage'
var withOpenAi = !empty(openAiDeployments)
var dashboardClientId = entra.?dashboardClientId ?? ''
var dashboardScope = entra.?scope ?? ''
var deployments = map(
  openAiDeployments,
  deployment =>
    union(
      { name: deployment.name, family: deployment.model },
      deployment.?contextTokens == null ? {} : { contextTokens: deployment.?contextTokens }
    )
)

type settingLine = { name: string, value: string, when: bool? }

// Everything the app and its host read, one line each; `when`: only then.
var table settingLine[] = [
  // The host: storage by identity, and bodies up to a little above our own limit of 16 MiB.
  { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
  { name: 'AzureWebJobsStorage__clientId', value: identityClientId }
  { name: 'AzureWebJobsStorage__blobServiceUri', value: blobEndpoint }
  { name: 'AzureWebJobsStorage__queueServiceUri', value: queueEndpoint, when: inStorage }
  { name: 'AzureWebJobsStorage__tableServiceUri', value: tableEndpoint, when: inStorage }
  { name: 'AzureWebJobsDisableHomepage', value: 'true' }
  { name: 'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT', value: '17825792' }
  { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: applicationInsightsConnectionString }
  { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'Authorization=AAD;ClientId=${identityClientId}' }
  { name: 'AZURE_CLIENT_ID', value: identityClientId }

  // Durable orchestrations; host.json of the package names these settings.
  { name: 'TASKHUB_NAME', value: taskHubName }
  {
    name: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
    value: 'Endpoint=${schedulerEndpoint};TaskHub=${taskHubName};Authentication=ManagedIdentity;ClientID=${identityClientId}'
    when: !inStorage
  }

  // PostgreSQL: the identity is the role, a token the password.
  {
    name: 'DATABASE_URL'
    value: 'postgresql://${identityName}@${databaseHost}:${pgBouncer ? 6432 : 5432}/${databaseName}?sslmode=require'
  }
  { name: 'SQ_DATABASE_AUTH', value: 'entra' }
  {
    name: 'SQ_MIGRATE_URL'
    value: 'postgresql://${identityName}@${databaseHost}:5432/${databaseName}?sslmode=require'
    when: migratesItself
  }
  { name: 'SQ_DATABASE_POOLER', value: pgBouncer ? 'pgbouncer' : 'none' }
  { name: 'SQ_DATABASE_POOL_SIZE', value: string(databasePoolSize) }

  { name: 'SQ_ARTIFACTS_URL', value: '${blobEndpoint}${artifactContainer}' }
  { name: 'SQ_KEY_VAULT_URL', value: vaultUrl }

  // Callers with Entra tokens, and sign-in on the dashboard
  { name: 'SQ_ENTRA_AUDIENCE', value: entra.?audience ?? '', when: entra != null }
  { name: 'SQ_ENTRA_TENANTS', value: tenant().tenantId, when: entra != null }
  { name: 'SQ_ENTRA_ROLES', value: string(entra.?roles ?? {}), when: entra != null }
  { name: 'SQ_ENTRA_CLIENT_ID', value: dashboardClientId, when: !empty(dashboardClientId) }
  { name: 'SQ_ENTRA_SCOPE', value: dashboardScope, when: !empty(dashboardScope) }

  // Azure OpenAI
  { name: 'AOAI_ENDPOINT', value: openAiEndpoint!, when: withOpenAi }
  { name: 'AOAI_AUTH', value: 'entra', when: withOpenAi }
  { name: 'AOAI_CLIENT_ID', value: identityClientId, when: withOpenAi }
  { name: 'AOAI_DEPLOYMENTS', value: string(deployments), when: withOpenAi }
]
var plain = toObject(filter(table, setting => setting.?when ?? true), setting => setting.name, setting => setting.value)
// Without a version: a new one is picked up within a day, or at once when a setting changes.
var references = toObject(
  secretSettings,
  setting => setting,
  setting => '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=${toLower(replace(setting, '_', '-'))})'
)

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(plain, extraSettings, references)
}
