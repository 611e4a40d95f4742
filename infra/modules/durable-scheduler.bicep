param name string
param location string
param tags { *: string }
param taskHubName string

@allowed(['Consumption', 'Dedicated'])
param sku string

@description('Capacity units of the Dedicated SKU; three are highly available.')
@minValue(1)
@maxValue(3)
param capacity int

@description('An empty list would refuse everybody.')
@minLength(1)
param allowedRanges string[]

@minValue(1)
@maxValue(90)
param retentionDays int

resource scheduler 'Microsoft.DurableTask/schedulers@2025-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: sku == 'Dedicated' ? { name: 'Dedicated', capacity: capacity } : { name: 'Consumption' }
    ipAllowlist: allowedRanges
  }

  resource taskHub 'taskHubs' = {
    name: taskHubName
    properties: {}
  }
}

// Histories that have ended; what came out of them is in PostgreSQL.
resource retention 'Microsoft.DurableTask/schedulers/retentionPolicies@2026-02-01' = {
  parent: scheduler
  name: 'default'
  properties: { retentionPolicies: [{ retentionPeriodInDays: retentionDays }] }
}

output endpoint string = scheduler.properties.endpoint
