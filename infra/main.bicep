// Everything that Tally runs on, in a resource group of its own.
targetScope = 'subscription'

@minLength(1)
@maxLength(32)
@description('Names the environment; part of every resource name.')
param environmentName string

@description('A region with both Flex Consumption and PostgreSQL Flexible Server. What a region lacks besides: docs/cost.md, Quotas and regions.')
@allowed([
  'australiaeast'
  'australiasoutheast'
  'brazilsouth'
  'canadacentral'
  'centralindia'
  'centralus'
  'eastasia'
  'eastus'
  'eastus2'
  'francecentral'
  'germanywestcentral'
  'italynorth'
  'japaneast'
  'koreacentral'
  'northcentralus'
  'northeurope'
  'norwayeast'
  'southafricanorth'
  'southcentralus'
  'southeastasia'
  'southindia'
  'spaincentral'
  'swedencentral'
  'uaenorth'
  'uksouth'
  'ukwest'
  'westcentralus'
  'westeurope'
  'westus'
  'westus2'
  'westus3'
])
@metadata({ azd: { type: 'location' } })
param location string

@allowed(['dev', 'prod'])
@description('Which sizes of sizes.json to take.')
param size string = 'dev'

@description('Name of the Entra group whose members administer the database: they migrate it, and sign in under this name.')
param databaseAdministratorName string

@description('Object id of that group.')
param databaseAdministratorObjectId string

@description('The public IPv4 address that the migrations come from; empty if they come from Azure, or through the virtual network.')
param databaseAdministratorAddress string = ''

@description('Name of the database server; empty for one of this template\'s naming. After a restore, the restored one.')
param databaseServerName string = ''

@description('GiB of the database\'s disk; 0 for that of the size. It grows by itself and never shrinks: not below what it is.')
param databaseStorageGB int = 0

@description('Sends the app\'s connections through the server\'s own PgBouncer. Not with the size dev: burstable servers have none.')
param pooler bool = false

@description('Puts storage and database behind private endpoints of a virtual network, and closes their public ones.')
param privateNetwork bool = false

@description('With privateNetwork: an existing subnet for the app, delegated to Microsoft.App/environments. Empty for a network of Tally\'s own.')
param appSubnetId string = ''

@description('With privateNetwork: an existing subnet for the private endpoints; given together with appSubnetId.')
param endpointSubnetId string = ''

@description('With privateNetwork: id of the resource group of existing privatelink DNS zones (blob, queue, postgres). Empty for zones of Tally\'s own.')
param dnsZoneGroupId string = ''

@description('Who may send and read messages and read logs; empty for who deploys.')
param operatorPrincipalId string = ''

@description('Where alerts are sent; empty for alerts that only show in the portal.')
param alertEmail string = ''

@description('App settings beside those of this template, and over them. Each provision replaces all settings: what is not here is gone.')
param extraSettings object = {}

var sizes = loadJsonContent('sizes.json')[size]
var token = take(uniqueString(subscription().id, environmentName, location), 8)
var tags = {
  'azd-env-name': environmentName
  application: 'tally'
  size: size
}
var ownNetwork = privateNetwork && empty(appSubnetId)
var operator = empty(operatorPrincipalId) ? deployer().objectId : operatorPrincipalId
var hasPooler = pooler && sizes.database.tier == 'Burstable'
  ? fail('The size ${size} has a burstable server, which has no PgBouncer. Set TALLY_POOLER to false, or TALLY_SIZE to prod.')
  : pooler

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-tally-${environmentName}'
  location: location
  tags: tags
}

module identity 'identity.bicep' = {
  name: 'identity'
  scope: group
  params: { name: 'id-tally-${token}', location: location, tags: tags }
}

module monitoring 'monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    name: 'tally-${token}'
    location: location
    tags: tags
    logDays: sizes.logDays
    dailyCapGB: sizes.logDailyCapGB
    publisherPrincipalId: identity.outputs.principalId
    readerPrincipalId: operator
  }
}

module network 'network.bicep' = if (ownNetwork) {
  name: 'network'
  scope: group
  params: { name: 'vnet-tally-${token}', location: location, tags: tags }
}

module hostStorage 'hostStorage.bicep' = {
  name: 'hostStorage'
  scope: group
  params: {
    name: 'sttallyhost${token}'
    location: location
    tags: tags
    sku: sizes.storageSku
    publicAccess: !privateNetwork
    ownerPrincipalId: identity.outputs.principalId
  }
}

module queueStorage 'queueStorage.bicep' = {
  name: 'queueStorage'
  scope: group
  params: {
    name: 'sttallyqueue${token}'
    location: location
    tags: tags
    sku: sizes.storageSku
    publicAccess: !privateNetwork
    contributorPrincipalId: identity.outputs.principalId
    operatorPrincipalId: operator
    isLocked: sizes.locks
  }
}

module databaseServer 'databaseServer.bicep' = {
  name: 'databaseServer'
  scope: group
  params: {
    name: empty(databaseServerName) ? 'psql-tally-${token}' : databaseServerName
    location: location
    tags: tags
    size: sizes.database
    storageGB: databaseStorageGB == 0 ? sizes.database.storageGB : databaseStorageGB
    publicAccess: !privateNetwork
    isLocked: sizes.locks
  }
}

// A deployment of its own: beside its server, the administrator now and then comes before the server is ready for it.
module database 'database.bicep' = {
  name: 'database'
  scope: group
  params: {
    serverName: databaseServer.outputs.name
    publicAccess: !privateNetwork
    administratorAddress: databaseAdministratorAddress
    administratorName: databaseAdministratorName
    administratorObjectId: databaseAdministratorObjectId
    pooler: hasPooler
    queryStore: sizes.database.queryStore
    workspaceId: monitoring.outputs.workspaceId
  }
}

module endpoints 'privateEndpoints.bicep' = if (privateNetwork) {
  name: 'privateEndpoints'
  scope: group
  params: {
    location: location
    tags: tags
    subnetId: ownNetwork ? network!.outputs.endpointSubnetId : endpointSubnetId
    dnsZoneGroupId: dnsZoneGroupId
    hostStorageId: hostStorage.outputs.id
    queueStorageId: queueStorage.outputs.id
    databaseId: databaseServer.outputs.id
  }
}

module functionApp 'functionApp.bicep' = {
  name: 'functionApp'
  scope: group
  // Private names must resolve before the app starts.
  dependsOn: [endpoints]
  params: {
    name: 'func-tally-${token}'
    location: location
    tags: tags
    maximumInstanceCount: sizes.maximumInstanceCount
    instanceMemoryMB: sizes.instanceMemoryMB
    alwaysReady: sizes.alwaysReady
    siteUpdateStrategy: sizes.siteUpdateStrategy
    zoneRedundant: sizes.database.highAvailability == 'ZoneRedundant'
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    hostBlobServiceUri: hostStorage.outputs.blobServiceUri
    packageContainerUrl: hostStorage.outputs.packageContainerUrl
    queueServiceUri: queueStorage.outputs.queueServiceUri
    databaseConnectionString: 'Host=${databaseServer.outputs.host};${hasPooler ? 'Port=6432;Max Auto Prepare=0;' : ''}Database=${database.outputs.databaseName};Username=${identity.outputs.name};SSL Mode=VerifyFull;Maximum Pool Size=${sizes.maximumPoolSize}'
    applicationInsightsConnectionString: monitoring.outputs.applicationInsightsConnectionString
    tracesPerSecond: sizes.tracesPerSecond
    subnetId: !privateNetwork ? '' : ownNetwork ? network!.outputs.appSubnetId : appSubnetId
    extraSettings: extraSettings
  }
}

module alerts 'alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: tags
    email: alertEmail
    workspaceId: monitoring.outputs.workspaceId
    databaseId: databaseServer.outputs.id
    maxConnections: sizes.database.maxConnections
  }
}

module workbook 'workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: { location: location, tags: tags, workspaceId: monitoring.outputs.workspaceId, databaseId: databaseServer.outputs.id }
}

output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_NAME string = functionApp.outputs.name
output DATABASE_SERVER string = databaseServer.outputs.name
output DATABASE_HOST string = databaseServer.outputs.host
output DATABASE_NAME string = database.outputs.databaseName
output DATABASE_ADMINISTRATOR string = databaseAdministratorName
output FUNCTIONS_IDENTITY_NAME string = identity.outputs.name
output FUNCTIONS_IDENTITY_OBJECT_ID string = identity.outputs.principalId
output TALLY_QUEUE_SERVICE_URI string = queueStorage.outputs.queueServiceUri
