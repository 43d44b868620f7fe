// PostgreSQL: Entra identities only, no passwords.
param name string
param location string
param tags object
param size object
param publicAccess bool
param administratorAddress string
param administratorName string
param administratorObjectId string
param administratorType string

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: size.sku, tier: size.tier }
  properties: {
    version: '18'
    createMode: 'Default'
    authConfig: {
      activeDirectoryAuth: 'Enabled'
      passwordAuth: 'Disabled'
      tenantId: tenant().tenantId
    }
    storage: { storageSizeGB: size.storageGB, autoGrow: 'Enabled' }
    backup: { backupRetentionDays: size.backupDays, geoRedundantBackup: size.geoBackup }
    highAvailability: { mode: size.highAvailability }
    network: { publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled' }
  }
}

resource administrator 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2025-08-01' = {
  parent: server
  name: administratorObjectId
  properties: {
    principalName: administratorName
    principalType: administratorType
    tenantId: tenant().tenantId
  }
}

resource database 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2025-08-01' = {
  parent: server
  name: 'tally'
  properties: { charset: 'UTF8', collation: 'en_US.utf8' }
  // The server takes one change at a time.
  dependsOn: [administrator]
}

// Without a virtual network the app's addresses are not known: Azure's are let in, and an identity is still needed.
resource azureServices 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2025-08-01' = if (publicAccess) {
  parent: server
  name: 'AllowAllAzureServicesAndResourcesWithinAzureIps'
  properties: { startIpAddress: '0.0.0.0', endIpAddress: '0.0.0.0' }
  dependsOn: [database]
}

// From where the migrations run, if not from Azure.
resource administratorRule 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2025-08-01' = if (publicAccess && !empty(administratorAddress)) {
  parent: server
  name: 'administrator'
  properties: { startIpAddress: administratorAddress, endIpAddress: administratorAddress }
  dependsOn: [azureServices]
}

output id string = server.id
output host string = server.properties.fullyQualifiedDomainName
output databaseName string = database.name
