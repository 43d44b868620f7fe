// What the PostgreSQL server holds and who may reach it. The server takes one change at a time, so each waits for the one before.
param serverName string
param publicAccess bool
param administratorAddress string
param administratorName string
param administratorObjectId string
param pooler bool
param queryStore bool
param workspaceId string

// Names and values as of the server's parameters. Without the pooler its switch is left as it is.
var configurations = concat(
  pooler ? [{ name: 'pgbouncer.enabled', value: 'true' }] : [],
  queryStore ? [{ name: 'pg_qs.query_capture_mode', value: 'top' }, { name: 'pgms_wait_sampling.query_capture_mode', value: 'all' }] : []
)

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' existing = {
  name: serverName
}

// Without a virtual network the app's addresses are not known: Azure's are let in, and an identity is still needed.
resource azureServices 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2025-08-01' = if (publicAccess) {
  parent: server
  name: 'AllowAllAzureServicesAndResourcesWithinAzureIps'
  properties: { startIpAddress: '0.0.0.0', endIpAddress: '0.0.0.0' }
}

// From where the migrations run, if not from Azure.
resource administratorRule 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2025-08-01' = if (publicAccess && !empty(administratorAddress)) {
  parent: server
  name: 'administrator'
  properties: { startIpAddress: administratorAddress, endIpAddress: administratorAddress }
  dependsOn: [azureServices]
}

// A group: whoever of it migrates, the tables are the group's, and the next one can change them.
resource administrator 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2025-08-01' = {
  parent: server
  name: administratorObjectId
  properties: {
    principalName: administratorName
    principalType: 'Group'
    tenantId: tenant().tenantId
  }
  dependsOn: [azureServices, administratorRule]
}

@batchSize(1)
resource configuration 'Microsoft.DBforPostgreSQL/flexibleServers/configurations@2025-08-01' = [for one in configurations: {
  parent: server
  name: one.name
  properties: { value: one.value, source: 'user-override' }
  dependsOn: [administrator]
}]

resource database 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2025-08-01' = {
  parent: server
  name: 'tally'
  properties: { charset: 'UTF8', collation: 'en_US.utf8' }
  dependsOn: [administrator, configuration]
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: server
  name: 'tally'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'PostgreSQLLogs', enabled: true }]
  }
  dependsOn: [database]
}

output databaseName string = database.name
