// Everything that can be in a network of its own.
using 'main.bicep'

param environmentName = 'private'
param location = 'westeurope'

param privateNetwork = true
param networkRange = '10.30.4.0/24'

param databaseSku = 'Standard_D2ds_v5'
param databaseReplica = true
param durableBackend = 'storage'
param openAiDeployments = [{ name: 'fast', model: 'gpt-4o-mini', version: '2024-07-18', capacity: 50 }]
