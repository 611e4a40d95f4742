// Answers at once, survives the loss of a zone's database, and is migrated by an identity of its own.
using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'prod')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param alertEmail = readEnvironmentVariable('ALERT_EMAIL', '')

param keyVaultSettings = readEnvironmentVariable('KEY_VAULT_SETTINGS', '')
param secretValues = {
  SQ_ADMIN_KEY: readEnvironmentVariable('SQ_ADMIN_KEY', '')
  SQ_OPENAI_KEY: readEnvironmentVariable('SQ_OPENAI_KEY', '')
  SQ_HYPERBOLIC_KEY: readEnvironmentVariable('SQ_HYPERBOLIC_KEY', '')
  LANGFUSE_PUBLIC_KEY: readEnvironmentVariable('LANGFUSE_PUBLIC_KEY', '')
  LANGFUSE_SECRET_KEY: readEnvironmentVariable('LANGFUSE_SECRET_KEY', '')
}

param maximumInstanceCount = 100
param alwaysReadyHttp = 1
param alwaysReadyDurable = 1

param databaseSku = 'Standard_D2ds_v5'
param databaseStorageGB = 128
param databasePoolSize = 4
param databaseBackupDays = 35
param databaseGeoRedundantBackup = true
param databaseHighAvailability = true
param appAdministersDatabase = false

param storageRedundancy = 'Standard_ZRS'
param storageSoftDeleteDays = 30
param logRetentionDays = 90
param logDailyCapGB = 10
