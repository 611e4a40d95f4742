param tags { *: string }
param location string
param workspaceId string
@description('Name of the database server.')
param databaseName string
param withReplica bool

@description('Connections that the database server grants.')
param databaseConnections int
param actionGroupName string

@description('Nobody is told unless given; alerts are still seen in the portal.')
param email string?

@description('US dollars for answers, an hour, above which somebody should look.')
@minValue(1)
param spendUsdPerHour int

@description('US dollars for the resource group, a month, and the first day of the month it begins with (yyyy-MM-01).')
param budget { amountUsd: int, startDate: string }?

@description('Share of questions that the providers refuse as too many, in percent.')
@minValue(1)
@maxValue(100)
param rateLimitedPercent int

@description('Share of calls that end in a server error, in percent.')
@minValue(1)
@maxValue(100)
param failurePercent int

// Each query answers one row, also when there is nothing to see. Names beginning with `sq.` are of docs/observability.md.
var logAlerts = [
  {
    name: 'failure-rate'
    description: 'More than ${failurePercent} % of at least 20 HTTP calls in 15 minutes ended in a server error.'
    severity: 1
    query: 'AppRequests | extend Status = toint(ResultCode) | where Status between (100 .. 599) | summarize Calls = sum(ItemCount), Failed = sumif(ItemCount, Status >= 500) | project Value = iff(Calls < 20, 0.0, 100.0 * Failed / Calls)'
    operator: 'GreaterThan'
    threshold: failurePercent
    window: 'PT15M'
  }
  {
    name: 'stale-tick'
    description: 'The work of every minute has not been done for 10 minutes: schedules do not fire, lost work is not taken back.'
    severity: 1
    query: 'AppMetrics | where Name == "sq.tick.age" | summarize Value = count()'
    operator: 'LessThan'
    threshold: 1
    window: 'PT10M'
  }
  {
    name: 'stuck-work'
    description: 'Work of a worker that is gone has been waiting for 10 minutes to be taken back.'
    severity: 2
    query: 'AppMetrics | where Name == "sq.queue.oldest_lease_age" | summarize Value = coalesce(max(Max), 0.0)'
    operator: 'GreaterThan'
    threshold: 600
    window: 'PT15M'
  }
  {
    name: 'rate-limited'
    description: 'Providers refused more than ${rateLimitedPercent} % of at least 20 questions in 15 minutes as too many (429).'
    severity: 3
    query: 'AppDependencies | where Name == "inference" | summarize Questions = sum(ItemCount), Refused = sumif(ItemCount, tostring(Properties["sq.detail"]) == "rate_limited") | project Value = iff(Questions < 20, 0.0, 100.0 * Refused / Questions)'
    operator: 'GreaterThan'
    threshold: rateLimitedPercent
    window: 'PT15M'
  }
  {
    name: 'spend'
    description: 'Answers of the last hour cost more than ${spendUsdPerHour} US dollars.'
    severity: 2
    query: 'AppMetrics | where Name == "sq.inference.cost" | summarize Value = coalesce(sum(Sum), 0.0)'
    operator: 'GreaterThan'
    threshold: spendUsdPerHour
    window: 'PT1H'
  }
]

var databaseAlerts = [
  {
    name: 'database-cpu'
    description: 'The database has been above 80 % of its CPU for 15 minutes.'
    severity: 2
    metric: 'cpu_percent'
    threshold: 80
  }
  {
    name: 'database-storage'
    description: 'The storage of the database is more than 85 % full; above 95 % it becomes read-only.'
    severity: 1
    metric: 'storage_percent'
    threshold: 85
  }
  {
    name: 'database-connections'
    description: 'More than 80 % of the connections that the database grants are taken.'
    severity: 1
    metric: 'active_connections'
    threshold: databaseConnections * 8 / 10
  }
]

resource database 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' existing = {
  name: databaseName
}

resource replica 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' existing = {
  name: '${databaseName}-replica'
}

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'study-query'
    emailReceivers: email == null
      ? []
      : [{ name: 'operator', emailAddress: email!, useCommonAlertSchema: true }]
  }
}

resource onLogs 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in logAlerts: {
    name: alert.name
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: alert.name
      description: alert.description
      severity: alert.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: alert.window
      autoMitigate: true
      // The tables fill with the first telemetry; the first deployment comes before it.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: alert.query
            metricMeasureColumn: 'Value'
            timeAggregation: 'Maximum'
            operator: alert.operator
            threshold: alert.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [actionGroup.id] }
    }
  }
]

resource onDatabase 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for alert in databaseAlerts: {
    name: alert.name
    location: 'global'
    tags: tags
    properties: {
      description: alert.description
      severity: alert.severity
      enabled: true
      scopes: [database.id]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: alert.metric
            criterionType: 'StaticThresholdCriterion'
            metricNamespace: 'Microsoft.DBforPostgreSQL/flexibleServers'
            metricName: alert.metric
            timeAggregation: 'Average'
            operator: 'GreaterThan'
            threshold: alert.threshold
          }
        ]
      }
      actions: [{ actionGroupId: actionGroup.id }]
    }
  }
]

resource replicaLag 'Microsoft.Insights/metricAlerts@2018-03-01' = if (withReplica) {
  name: 'replica-lag'
  location: 'global'
  tags: tags
  properties: {
    description: 'The replica has been more than 60 seconds behind for 15 minutes.'
    severity: 3
    enabled: true
    scopes: [replica.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'lag'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: 'Microsoft.DBforPostgreSQL/flexibleServers'
          metricName: 'physical_replication_delay_in_seconds'
          timeAggregation: 'Average'
          operator: 'GreaterThan'
          threshold: 60
        }
      ]
    }
    actions: [{ actionGroupId: actionGroup.id }]
  }
}

resource monthlyBudget 'Microsoft.Consumption/budgets@2023-11-01' = if (budget != null) {
  name: 'monthly-budget'
  properties: {
    category: 'Cost'
    amount: budget!.amountUsd
    timeGrain: 'Monthly'
    timePeriod: { startDate: budget!.startDate }
    notifications: {
      actual: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: []
        contactGroups: [actionGroup.id]
      }
      forecast: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: []
        contactGroups: [actionGroup.id]
      }
    }
  }
}
