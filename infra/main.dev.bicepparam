// Cheap: nothing waits, small database, a few days of backups.
using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'dev')
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

param alertSpendUsdPerHour = 5
