// What an operator is woken for; docs/runbook.md says what to type.
param location string
param tags object
param email string
param workspaceId string
param databaseId string
param maxConnections int

// The newest number of each queue.
var depths = 'AppMetrics | where Name == "tally.queue.depth" | extend queue = tostring(Properties["tally.queue"]) | summarize arg_max(TimeGenerated, Sum) by queue'
var ages = 'AppMetrics | where Name == "tally.queue.oldest" | extend queue = tostring(Properties["tally.queue"]) | summarize arg_max(TimeGenerated, Sum) by queue'

// Runs that ended without a fault; a threshold of -1 means: alert when there is none at all.
var runs = 'AppMetrics | where Name == "tally.runs" and tostring(Properties["tally.function"]) =='

var rules = [
  {
    name: 'poison-queue'
    severity: 1
    description: 'A poison queue holds messages that failed every try.'
    query: '${depths} | where queue endswith "-poison" and Sum > 0'
    threshold: 0
    every: 'PT5M'
    over: 'PT15M'
  }
  {
    name: 'old-messages'
    severity: 2
    description: 'The oldest message of a queue that Tally reads has waited for more than 15 minutes.'
    query: '${ages} | where queue startswith "reporting-" and not(queue endswith "-poison") and Sum > 900'
    threshold: 0
    every: 'PT5M'
    over: 'PT15M'
  }
  {
    name: 'drift'
    severity: 1
    description: 'Rollups differed from the aggregate of their raw events.'
    query: 'AppMetrics | where Name == "tally.rollups.drifted_days" and Sum > 0'
    threshold: 0
    every: 'PT15M'
    over: 'PT15M'
  }
  {
    name: 'stale-lease'
    severity: 2
    description: 'Runs found their lease held by another worker for half an hour, and nothing ran.'
    query: 'AppMetrics | where Name == "tally.runs" | extend job = tostring(Properties["tally.function"]), held = tostring(Properties["tally.outcome"]) == "lease_held_elsewhere" | summarize held = sumif(Sum, held), other = sumif(Sum, not(held)) by job | where held > 1 and other == 0'
    threshold: 0
    every: 'PT15M'
    over: 'PT30M'
  }
  {
    name: 'no-queue-measure'
    severity: 2
    description: 'The queues: not measured for half an hour, so that nothing is known of their depth and age.'
    query: '${runs} "MeasureQueues"'
    threshold: -1
    every: 'PT15M'
    over: 'PT30M'
  }
  {
    name: 'no-count-run'
    severity: 2
    description: 'Value stream counts: no successful run in two intervals.'
    query: '${runs} "CountValueStreams"'
    threshold: -1
    every: 'PT5M'
    over: 'PT10M'
  }
  {
    name: 'no-billing-run'
    severity: 2
    description: 'Billing: no successful run in two intervals.'
    query: '${runs} "RefreshBilling"'
    threshold: -1
    every: 'PT1H'
    over: 'PT2H'
  }
  {
    name: 'no-reconcile-run'
    severity: 2
    description: 'Reconciliation of rollups: no successful run in two intervals.'
    query: '${runs} "ReconcileRollups"'
    threshold: -1
    every: 'P1D'
    over: 'P2D'
  }
]

resource operators 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-tally'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'tally'
    enabled: true
    emailReceivers: empty(email) ? [] : [{ name: 'operators', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource queryAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for rule in rules: {
  name: 'tally-${rule.name}'
  location: location
  tags: tags
  properties: {
    displayName: 'tally-${rule.name}'
    description: rule.description
    severity: rule.severity
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: rule.every
    windowSize: rule.over
    autoMitigate: true
    // The tables are created by the first record that is sent to them.
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: rule.query
          timeAggregation: 'Count'
          operator: rule.threshold < 0 ? 'LessThan' : 'GreaterThan'
          threshold: rule.threshold < 0 ? 1 : rule.threshold
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    actions: { actionGroups: [operators.id] }
  }
}]

resource connections 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'tally-connections'
  location: 'global'
  tags: tags
  properties: {
    description: 'More than 70 % of the server\'s connections are in use.'
    severity: 2
    enabled: true
    scopes: [databaseId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'connections'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'active_connections'
          metricNamespace: 'Microsoft.DBforPostgreSQL/flexibleServers'
          operator: 'GreaterThan'
          threshold: maxConnections * 70 / 100
          timeAggregation: 'Average'
        }
      ]
    }
    actions: [{ actionGroupId: operators.id }]
  }
}
