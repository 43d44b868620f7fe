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

// A record may come some minutes after its time, so a window is longer than the interval of what it looks for by at least
// ten minutes. What is looked for once a day does not end by itself: the next look is a day away.
var rules = [
  {
    name: 'poison-queue'
    severity: 1
    description: 'A poison queue holds messages that failed every try.'
    query: '${depths} | where queue endswith "-poison" and Sum > 0'
    threshold: 0
    every: 'PT5M'
    over: 'PT15M'
    ends: true
  }
  {
    name: 'old-messages'
    severity: 2
    description: 'The oldest message of a queue that Tally reads has waited for more than 15 minutes.'
    query: '${ages} | where queue startswith "reporting-" and not(queue endswith "-poison") and Sum > 900'
    threshold: 0
    every: 'PT5M'
    over: 'PT15M'
    ends: true
  }
  {
    name: 'drift'
    severity: 1
    description: 'Rollups differed from the aggregate of their raw events.'
    query: 'AppMetrics | where Name == "tally.rollups.drifted_days" and Sum > 0'
    threshold: 0
    every: 'PT15M'
    over: 'PT30M'
    ends: false
  }
  {
    name: 'stale-lease'
    severity: 2
    description: 'Runs found their lease held by another worker for half an hour, and nothing ran.'
    query: 'AppMetrics | where Name == "tally.runs" | extend job = tostring(Properties["tally.function"]), held = tostring(Properties["tally.outcome"]) == "lease_held_elsewhere" | summarize held = sumif(Sum, held), other = sumif(Sum, not(held)) by job | where held > 1 and other == 0'
    threshold: 0
    every: 'PT15M'
    over: 'PT30M'
    ends: true
  }
  {
    name: 'no-queue-measure'
    severity: 2
    description: 'The queues: not measured for half an hour, so that nothing is known of their depth and age.'
    query: '${runs} "MeasureQueues"'
    threshold: -1
    every: 'PT15M'
    over: 'PT30M'
    ends: true
  }
  {
    name: 'no-count-run'
    severity: 2
    description: 'Value stream counts: no successful run in half an hour; one is due every five minutes.'
    query: '${runs} "CountValueStreams"'
    threshold: -1
    every: 'PT15M'
    over: 'PT30M'
    ends: true
  }
  {
    name: 'no-finish-run'
    severity: 3
    description: 'What commands and functions left unfinished: not looked for in half an hour; that is due every ten minutes.'
    query: '${runs} "FinishWork"'
    threshold: -1
    every: 'PT15M'
    over: 'PT30M'
    ends: true
  }
  {
    name: 'database-refuses'
    severity: 1
    description: 'Messages wait, since the database does not answer or refuses the app: read-only, full, a role or a grant or a table amiss, statements cut off.'
    query: 'AppMetrics | where Name == "tally.database.retries" and tostring(Properties["tally.fault"]) !in ("40001", "40P01", "55P03") | summarize Sum = sum(Sum) | where Sum > 10'
    threshold: 0
    every: 'PT5M'
    over: 'PT15M'
    ends: true
  }
  {
    name: 'no-billing-run'
    severity: 2
    description: 'Billing: no successful run in three hours; one is due every hour.'
    query: '${runs} "RefreshBilling"'
    threshold: -1
    every: 'PT1H'
    over: 'PT3H'
    ends: true
  }
  {
    name: 'no-reconcile-run'
    severity: 2
    description: 'Reconciliation of rollups: no successful run in two days; one is due every night.'
    query: '${runs} "ReconcileRollups"'
    threshold: -1
    every: 'P1D'
    over: 'P2D'
    ends: false
  }
  {
    name: 'no-purge-run'
    severity: 3
    description: 'Purge of raw events: no successful run in two days; one is due every night.'
    query: '${runs} "PurgeReportingEvents"'
    threshold: -1
    every: 'P1D'
    over: 'P2D'
    ends: false
  }
  {
    name: 'function-failures'
    severity: 2
    description: 'A function failed ten times or more in half an hour. Each try of a message counts.'
    query: 'AppRequests | where Success == false | summarize failed = sum(ItemCount) by Name | where failed >= 10'
    threshold: 0
    every: 'PT15M'
    over: 'PT30M'
    ends: true
  }
  {
    name: 'exceptions'
    severity: 3
    description: 'One kind of exception was logged twenty times or more in half an hour.'
    query: 'AppExceptions | summarize thrown = sum(ItemCount) by ExceptionType | where thrown >= 20'
    threshold: 0
    every: 'PT15M'
    over: 'PT30M'
    ends: true
  }
  {
    name: 'daily-cap'
    severity: 2
    description: 'The logs reached their daily cap: until it is reset, every other alert of a query is blind.'
    query: '_LogOperation | where Category =~ "Ingestion" and Detail contains "OverQuota"'
    threshold: 0
    every: 'PT15M'
    over: 'PT30M'
    ends: false
  }
]

var databaseRules = [
  { name: 'connections', severity: 2, description: 'More than 70 % of the server\'s connections are in use.', metric: 'active_connections', aggregation: 'Average', operator: 'GreaterThan', threshold: maxConnections * 70 / 100, over: 'PT15M' }
  { name: 'database-cpu', severity: 2, description: 'The database\'s CPU has been above 80 % for half an hour.', metric: 'cpu_percent', aggregation: 'Average', operator: 'GreaterThan', threshold: 80, over: 'PT30M' }
  { name: 'database-storage', severity: 1, description: 'More than 85 % of the database\'s disk is in use.', metric: 'storage_percent', aggregation: 'Maximum', operator: 'GreaterThan', threshold: 85, over: 'PT15M' }
  { name: 'database-down', severity: 0, description: 'The database did not answer Azure\'s own probe.', metric: 'is_db_alive', aggregation: 'Minimum', operator: 'LessThan', threshold: 1, over: 'PT5M' }
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
    autoMitigate: rule.ends
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

resource databaseAlerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [for rule in databaseRules: {
  name: 'tally-${rule.name}'
  location: 'global'
  tags: tags
  properties: {
    description: rule.description
    severity: rule.severity
    enabled: true
    scopes: [databaseId]
    evaluationFrequency: 'PT5M'
    windowSize: rule.over
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: rule.name
          criterionType: 'StaticThresholdCriterion'
          metricName: rule.metric
          metricNamespace: 'Microsoft.DBforPostgreSQL/flexibleServers'
          operator: rule.operator
          threshold: rule.threshold
          timeAggregation: rule.aggregation
        }
      ]
    }
    actions: [{ actionGroupId: operators.id }]
  }
}]

resource serviceHealth 'Microsoft.Insights/activityLogAlerts@2020-10-01' = {
  name: 'tally-service-health'
  location: 'global'
  tags: tags
  properties: {
    description: 'Azure reports trouble or planned work for a service of this subscription.'
    enabled: true
    scopes: [subscription().id]
    condition: { allOf: [{ field: 'category', equals: 'ServiceHealth' }] }
    actions: { actionGroups: [{ actionGroupId: operators.id }] }
  }
}
