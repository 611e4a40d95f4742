// Long: every parameter with its meaning, and who gets what from whom, in one place.
targetScope = 'subscription'

import { entraCallers, openAiDeployment } from 'types.bicep'

@description('Name of the environment, such as `dev`; part of every name.')
@minLength(1)
@maxLength(20)
param environmentName string

@description('Region of everything, but Azure OpenAI where another is given.')
@minLength(1)
param location string

// The app
@description('Memory of an instance in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances of each function group. The platform has been seen to want at least 40.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances that always wait for HTTP calls; 0: none, and the first call after a quiet time waits for a start.')
@minValue(0)
param alwaysReadyHttp int = 0

@description('Instances that always wait for durable work.')
@minValue(0)
param alwaysReadyDurable int = 0

@description('Spreads the app over zones; wants at least 2 always-ready instances of each group.')
param zoneRedundant bool = false

@description('Address ranges (CIDR) that may call. With none, and no front door, everybody may; the key still decides.')
param allowedAddressRanges string[] = []

@description('Id of the Azure Front Door that alone may call, beside the ranges.')
param frontDoorId string = ''

@description('Further settings of the app, none of them secret: see configuration.md.')
param extraSettings { *: string } = {}

@description('Whose Entra tokens the app accepts, and sign-in on the dashboard: `{audience, roles, dashboardClientId?, scope?}`, of this tenant. The registration is made by hand: see identity.md.')
param entra entraCallers?

// Secrets
@description('Settings that are secrets, with commas between: `SQ_ADMIN_KEY,SQ_OPENAI_KEY`. Each becomes a Key Vault reference, so each needs a secret.')
param keyVaultSettings string = ''

@description('Values of these settings. One that is missing or empty is not written; the secret already in the vault stays.')
@secure()
param secretValues { *: string } = {}

@description('Entra group whose members may write secrets.')
param vaultWriters string = ''

// PostgreSQL
@description('Size of the database server; its tier and connections come from database-skus.json.')
param databaseSku string = 'Standard_B2s'

@description('Major version of PostgreSQL.')
@allowed(['17', '18'])
param databaseVersion string = '17'

@description('Storage of the database in GB; it grows by itself.')
@minValue(32)
param databaseStorageGB int = 32

@description('Connections of one instance of the app.')
@minValue(2)
@maxValue(50)
param databasePoolSize int = 3

@description('Days that a database can be restored to any moment of.')
@minValue(7)
@maxValue(35)
param databaseBackupDays int = 7

@description('Keeps the backups in the paired region as well. Only at the creation of the server.')
param databaseGeoRedundantBackup bool = false

@description('A standby in another zone. Not for Burstable.')
param databaseHighAvailability bool = false

@description('A copy for reading. Not for Burstable.')
param databaseReplica bool = false

@description('Admits connections from within Azure (any tenant) as far as the sign-in, which takes Entra tokens only. The app has no fixed address, so without a private network it needs this.')
param databaseAllowAzureServices bool = true

@description('Further addresses that may reach the database: `{name, start, end}`.')
param databaseAllowedRanges { name: string, start: string, end: string }[] = []

@description('Entra administrators of the database, beside the app or instead of it: `{objectId, name, type}`.')
param databaseAdministrators { objectId: string, name: string, type: 'Group' | 'ServicePrincipal' | 'User' }[] = []

@description('Whether the app administers its database and migrates it. `false`: an identity of its own does, and the app gets the rights of its role.')
param appAdministersDatabase bool = true

@description('Issuer and subject of the pipeline that signs in as the migration identity: `{issuer, subject}`.')
param migrationFederation { issuer: string, subject: string }?

// Durable orchestrations
@description('Where orchestrations keep their state: the Durable Task Scheduler, or Azure Storage.')
@allowed(['scheduler', 'storage'])
param durableBackend string = 'scheduler'

@description('Of the Durable Task Scheduler.')
@allowed(['Consumption', 'Dedicated'])
param durableSku string = 'Consumption'

@description('Capacity units of the Dedicated SKU.')
@minValue(1)
@maxValue(3)
param durableCapacity int = 1

@description('Addresses that may reach the scheduler; an empty list refuses everybody.')
@minLength(1)
param durableAllowedRanges string[] = ['0.0.0.0/0']

@description('Days that ended orchestrations are kept.')
@minValue(1)
@maxValue(30)
param durableRetentionDays int = 14

// Azure OpenAI
@description('Deployments of Azure OpenAI: `{name, model, version, capacity, sku?, contextTokens?}`. None: no account is made.')
param openAiDeployments openAiDeployment[] = []

@description('Region of Azure OpenAI, where it is another one.')
param openAiLocation string = location

// Network
@description('A network of the deployment\'s own: app and private endpoints in it; database, storage, vault and Azure OpenAI refuse everybody outside. The scheduler and the address of the app stay public.')
param privateNetwork bool = false

@description('Range of that network (CIDR), at least a /24.')
param networkRange string = '10.20.0.0/24'

// Storage, logs, alerts
@description('Redundancy of the storage account.')
@allowed(['Standard_LRS', 'Standard_ZRS'])
param storageRedundancy string = 'Standard_LRS'

@description('Days that deleted blobs can be brought back.')
@minValue(1)
@maxValue(365)
param storageSoftDeleteDays int = 7

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Gigabytes of logs a day after which nothing is taken in until the next; -1: no limit. Alerts on logs are blind then.')
param logDailyCapGB int = 1

@description('Address that alerts go to.')
param alertEmail string = ''

@description('Share of HTTP calls in percent whose server error raises an alert.')
@minValue(1)
@maxValue(100)
param alertFailurePercent int = 5

@description('Share of calls to providers in percent whose refusal as too many raises an alert.')
@minValue(1)
@maxValue(100)
param alertRateLimitedPercent int = 20

@description('US dollars for answers in an hour that raise an alert.')
@minValue(1)
param alertSpendUsdPerHour int = 20

@description('Monthly budget of the resource group: `{amountUsd, startDate}`, the date the first of a month (yyyy-MM-01).')
param budget { amountUsd: int, startDate: string }?

var abbreviations = loadJsonContent('abbreviations.json')
var databaseSkus = loadJsonContent('database-skus.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var suffix = '${toLower(environmentName)}-${token}'
var names = {
  actionGroup: '${abbreviations.actionGroup}${suffix}'
  app: '${abbreviations.functionApp}${suffix}'
  applicationInsights: '${abbreviations.applicationInsights}${suffix}'
  durableScheduler: '${abbreviations.durableTaskScheduler}${suffix}'
  identity: '${abbreviations.identity}${suffix}'
  keyVault: '${abbreviations.keyVault}${token}'
  migrationIdentity: '${abbreviations.identity}migrate-${suffix}'
  openAi: '${abbreviations.cognitiveServices}${suffix}'
  plan: '${abbreviations.plan}${suffix}'
  postgres: '${abbreviations.postgres}${suffix}'
  network: '${abbreviations.virtualNetwork}${suffix}'
  storage: '${abbreviations.storage}${token}'
  workspace: '${abbreviations.logAnalytics}${suffix}'
}
var tags = { 'azd-env-name': environmentName }
var packageContainer = 'app-package'
var artifactContainer = 'artifacts'
var databaseName = 'study_query_llm'
var taskHubName = 'studyquery'
var secretSettings = empty(keyVaultSettings) ? [] : map(split(keyVaultSettings, ','), setting => trim(setting))
var withScheduler = durableBackend == 'scheduler'
var withOpenAi = !empty(openAiDeployments)

// Connections: HTTP, durable and timer functions are scaled as three groups, and each instance holds a pool.
var databaseGroups = 3
var server = databaseSkus[?databaseSku] ?? fail('${databaseSku} is not in database-skus.json: add it with its tier and the connections it grants to users.')
var pgBouncer = server.tier != 'Burstable'
var spareServers = databaseReplica || databaseHighAvailability
var tier = spareServers && !pgBouncer
  ? fail('${databaseSku} is Burstable and has neither replica nor standby: take a larger databaseSku, or leave them out.')
  : server.tier
// PgBouncer takes 5000 clients; a server of ours keeps 10 of its connections for migrations and people.
var grantedConnections = pgBouncer ? 5000 : server.connections - 10
var wantedConnections = maximumInstanceCount * databaseGroups * databasePoolSize
var connections = wantedConnections <= grantedConnections
  ? wantedConnections
  : fail('maximumInstanceCount ${maximumInstanceCount} x ${databaseGroups} function groups x databasePoolSize ${databasePoolSize} = ${wantedConnections} connections, but ${databaseSku} grants ${grantedConnections}: lower one of them, or take a larger databaseSku (PgBouncer from GeneralPurpose).')

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: '${abbreviations.resourceGroup}study-query-llm-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: {
    name: names.identity
    location: location
    tags: tags
  }
}

module migrationIdentity 'modules/identity.bicep' = if (!appAdministersDatabase) {
  scope: group
  params: {
    name: names.migrationIdentity
    location: location
    tags: tags
    federation: migrationFederation
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    workspaceName: names.workspace
    applicationInsightsName: names.applicationInsights
    retentionDays: logRetentionDays
    dailyCapGB: logDailyCapGB
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: names.storage
    location: location
    tags: tags
    private: privateNetwork
    packageContainer: packageContainer
    artifactContainer: artifactContainer
    redundancy: storageRedundancy
    softDeleteDays: storageSoftDeleteDays
  }
}

module keyVault 'modules/key-vault.bicep' = {
  scope: group
  params: {
    name: names.keyVault
    location: location
    tags: tags
    private: privateNetwork
    workspaceId: monitoring.outputs.workspaceId
    secretSettings: secretSettings
    secretValues: secretValues
  }
}

module postgres 'modules/postgres.bicep' = {
  scope: group
  params: {
    name: names.postgres
    location: location
    tags: tags
    private: privateNetwork
    workspaceId: monitoring.outputs.workspaceId
    databaseName: databaseName
    version: databaseVersion
    sku: databaseSku
    tier: tier
    storageGB: databaseStorageGB
    backupDays: databaseBackupDays
    geoRedundantBackup: databaseGeoRedundantBackup
    highAvailability: databaseHighAvailability
    replica: databaseReplica
    pgBouncer: pgBouncer
    allowAzureServices: databaseAllowAzureServices
    allowedRanges: databaseAllowedRanges
    administrators: concat(
      [
        {
          objectId: appAdministersDatabase ? identity.outputs.principalId : migrationIdentity!.outputs.principalId
          name: appAdministersDatabase ? names.identity : names.migrationIdentity
          type: 'ServicePrincipal'
        }
      ],
      databaseAdministrators
    )
  }
}

module durableScheduler 'modules/durable-scheduler.bicep' = if (withScheduler) {
  scope: group
  params: {
    name: names.durableScheduler
    location: location
    tags: tags
    taskHubName: taskHubName
    sku: durableSku
    capacity: durableCapacity
    allowedRanges: durableAllowedRanges
    retentionDays: durableRetentionDays
  }
}

module openAi 'modules/openai.bicep' = if (withOpenAi) {
  scope: group
  params: {
    name: names.openAi
    location: openAiLocation
    tags: tags
    private: privateNetwork
    deployments: openAiDeployments
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  scope: group
  params: {
    name: names.network
    location: location
    tags: tags
    addressRange: networkRange
  }
}

module privateEndpoints 'modules/private-endpoints.bicep' = if (privateNetwork) {
  scope: group
  params: {
    location: location
    tags: tags
    networkName: names.network
    endpoints: concat(
      map(durableBackend == 'storage' ? ['blob', 'queue', 'table'] : ['blob'], service => {
        name: 'storage-${service}'
        type: 'Microsoft.Storage/storageAccounts'
        resource: names.storage
        service: service
      }),
      [
        {
          name: 'vault'
          type: 'Microsoft.KeyVault/vaults'
          resource: names.keyVault
          service: 'vault'
        }
      ],
      map(databaseReplica ? [names.postgres, '${names.postgres}-replica'] : [names.postgres], name => {
        name: name
        type: 'Microsoft.DBforPostgreSQL/flexibleServers'
        resource: name
        service: 'postgresqlServer'
      }),
      withOpenAi
        ? [
            {
              name: 'openai'
              type: 'Microsoft.CognitiveServices/accounts'
              resource: names.openAi
              service: 'account'
            }
          ]
        : []
    )
  }
  dependsOn: [network, storage, keyVault, postgres, openAi]
}

module roleAssignments 'modules/role-assignments.bicep' = {
  scope: group
  params: {
    identityName: names.identity
    storageName: names.storage
    vaultName: names.keyVault
    applicationInsightsName: names.applicationInsights
    durableTask: withScheduler ? { scheduler: names.durableScheduler, taskHub: taskHubName } : null
    openAiName: withOpenAi ? names.openAi : null
    vaultWriters: empty(vaultWriters) ? null : vaultWriters
  }
  dependsOn: [identity, storage, keyVault, monitoring, durableScheduler, openAi]
}

module functionApp 'modules/function-app.bicep' = {
  scope: group
  params: {
    name: names.app
    planName: names.plan
    location: location
    tags: tags
    identityId: identity.outputs.id
    packageUrl: '${storage.outputs.blobEndpoint}${packageContainer}'
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyHttp: alwaysReadyHttp
    alwaysReadyDurable: alwaysReadyDurable
    zoneRedundant: zoneRedundant
    networkName: privateNetwork ? names.network : null
    allowedAddressRanges: allowedAddressRanges
    frontDoorId: empty(frontDoorId) ? null : frontDoorId
  }
  // An app that starts before it may read its storage and secrets keeps the failure until its next start.
  dependsOn: [roleAssignments, privateEndpoints]
}

module appSettings 'modules/app-settings.bicep' = {
  scope: group
  params: {
    appName: names.app
    identityClientId: identity.outputs.clientId
    identityName: names.identity
    vaultName: names.keyVault
    vaultUrl: keyVault.outputs.url
    blobEndpoint: storage.outputs.blobEndpoint
    queueEndpoint: storage.outputs.queueEndpoint
    tableEndpoint: storage.outputs.tableEndpoint
    artifactContainer: artifactContainer
    databaseHost: postgres.outputs.host
    pgBouncer: pgBouncer
    databaseName: databaseName
    databasePoolSize: databasePoolSize
    migratesItself: appAdministersDatabase
    applicationInsightsConnectionString: monitoring.outputs.applicationInsightsConnectionString
    taskHubName: taskHubName
    durableBackend: durableBackend
    schedulerEndpoint: withScheduler ? durableScheduler!.outputs.endpoint : null
    openAiEndpoint: withOpenAi ? openAi!.outputs.endpoint : null
    openAiDeployments: openAiDeployments
    entra: entra
    secretSettings: secretSettings
    extraSettings: extraSettings
  }
  dependsOn: [functionApp]
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    databaseName: names.postgres
    withReplica: databaseReplica
    databaseConnections: server.connections
    actionGroupName: names.actionGroup
    email: empty(alertEmail) ? null : alertEmail
    spendUsdPerHour: alertSpendUsdPerHour
    rateLimitedPercent: alertRateLimitedPercent
    failurePercent: alertFailurePercent
    budget: budget
  }
  dependsOn: [postgres]
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_APP_NAME string = names.app
output AZURE_KEY_VAULT_NAME string = names.keyVault
output AZURE_STORAGE_ACCOUNT_NAME string = names.storage
output APP_URL string = 'https://${functionApp.outputs.hostName}'
output DURABLE_BACKEND string = durableBackend
output DATABASE_SERVER string = postgres.outputs.host
output DATABASE_NAME string = databaseName
output DATABASE_APP_ROLE string = names.identity
output DATABASE_MIGRATION_ROLE string = appAdministersDatabase ? names.identity : names.migrationIdentity
output DATABASE_CONNECTIONS_AT_MOST int = connections
