param name string
param location string
param tags { *: string }
param workspaceId string
param databaseName string

@allowed(['17', '18'])
param version string
param sku string
param tier string

@minValue(32)
param storageGB int

@minValue(7)
@maxValue(35)
param backupDays int
param geoRedundantBackup bool
param highAvailability bool
param replica bool

@description('PgBouncer of the server, on port 6432.')
param pgBouncer bool

@description('Reached through private endpoints only: firewall rules would be refused.')
param private bool

@description('Admits connections from within Azure, of any tenant, as far as the sign-in. There is no password: only Entra tokens pass.')
param allowAzureServices bool
param allowedRanges addressRange[]
param administrators administrator[]

type addressRange = { name: string, start: string, end: string }
type administrator = { objectId: string, name: string, type: 'Group' | 'ServicePrincipal' | 'User' }

// A GeneralPurpose server knows PgBouncer's parameters, a Burstable one refuses them.
var poolerParameters = [
  { name: 'pgbouncer.enabled', value: 'true' }
  { name: 'pgbouncer.default_pool_size', value: '100' }
  // `pg` sends these while connecting; PgBouncer would refuse each connection. Ignored they have no effect, so the
  // server sets bounds of its own: nothing of the app may take longer than functionTimeout.
  {
    name: 'pgbouncer.ignore_startup_parameters'
    value: 'statement_timeout,idle_in_transaction_session_timeout,extra_float_digits'
  }
  { name: 'statement_timeout', value: '600000' }
  { name: 'idle_in_transaction_session_timeout', value: '60000' }
]
var parameters = concat(
  [
    { name: 'azure.extensions', value: 'VECTOR,PG_TRGM' }
    { name: 'require_secure_transport', value: 'on' }
    { name: 'ssl_min_protocol_version', value: 'TLSv1.3' }
  ],
  pgBouncer ? poolerParameters : []
)
var azureRange = allowAzureServices ? [{ name: 'azure-services', start: '0.0.0.0', end: '0.0.0.0' }] : []
var ranges = private ? [] : concat(azureRange, allowedRanges)
var authentication = {
  activeDirectoryAuth: 'Enabled'
  passwordAuth: 'Disabled'
  tenantId: tenant().tenantId
}

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: sku, tier: tier }
  properties: {
    createMode: 'Default'
    version: version
    authConfig: authentication
    storage: { storageSizeGB: storageGB, autoGrow: 'Enabled' }
    backup: {
      backupRetentionDays: backupDays
      geoRedundantBackup: geoRedundantBackup ? 'Enabled' : 'Disabled'
    }
    highAvailability: { mode: highAvailability ? 'ZoneRedundant' : 'Disabled' }
    network: { publicNetworkAccess: private ? 'Disabled' : 'Enabled' }
  }
}

// From here on one after the other: the server answers ServerIsBusy to changes at the same time.
resource database 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2025-08-01' = {
  parent: server
  name: databaseName
  properties: { charset: 'UTF8', collation: 'en_US.utf8' }
}

@batchSize(1)
resource firewall 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2025-08-01' = [
  for range in ranges: {
    parent: server
    name: range.name
    properties: { startIpAddress: range.start, endIpAddress: range.end }
    dependsOn: [database]
  }
]

@batchSize(1)
resource configuration 'Microsoft.DBforPostgreSQL/flexibleServers/configurations@2025-08-01' = [
  for parameter in parameters: {
    parent: server
    name: parameter.name
    properties: { value: parameter.value, source: 'user-override' }
    dependsOn: [database, firewall]
  }
]

@batchSize(1)
resource administration 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2025-08-01' = [
  for administrator in administrators: {
    parent: server
    name: administrator.objectId
    properties: {
      principalName: administrator.name
      principalType: administrator.type
      tenantId: tenant().tenantId
    }
    dependsOn: [configuration]
  }
]

resource copy 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' = if (replica) {
  name: '${name}-replica'
  location: location
  tags: tags
  sku: { name: sku, tier: tier }
  properties: {
    createMode: 'Replica'
    sourceServerResourceId: server.id
    authConfig: authentication
    storage: { storageSizeGB: storageGB, autoGrow: 'Enabled' }
    network: { publicNetworkAccess: private ? 'Disabled' : 'Enabled' }
  }
  dependsOn: [administration]
}

@batchSize(1)
resource copyFirewall 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2025-08-01' = [
  for range in ranges: if (replica) {
    parent: copy
    name: range.name
    properties: { startIpAddress: range.start, endIpAddress: range.end }
  }
]

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: server
  name: 'logs'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'PostgreSQLLogs', enabled: true }]
  }
  dependsOn: [administration]
}

output host string = server.properties.fullyQualifiedDomainName
