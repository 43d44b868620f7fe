// The PostgreSQL server alone; database.bicep has what it holds.
param name string
param location string
param tags object
param size object
param storageGB int
param publicAccess bool
param isLocked bool

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: size.sku, tier: size.tier }
  properties: {
    version: '18'
    createMode: 'Default'
    // Entra identities only.
    authConfig: {
      activeDirectoryAuth: 'Enabled'
      passwordAuth: 'Disabled'
      tenantId: tenant().tenantId
    }
    storage: { storageSizeGB: storageGB, autoGrow: 'Enabled' }
    backup: { backupRetentionDays: size.backupDays, geoRedundantBackup: size.geoBackup }
    highAvailability: { mode: size.highAvailability }
    network: { publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled' }
    // Sunday, 05:00 UTC: after the night's runs.
    maintenanceWindow: { customWindow: 'Enabled', dayOfWeek: 0, startHour: 5, startMinute: 0 }
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (isLocked) {
  scope: server
  name: 'keep'
  properties: { level: 'CanNotDelete', notes: 'Its backups go with it.' }
}

output id string = server.id
output name string = server.name
output host string = server.properties.fullyQualifiedDomainName
