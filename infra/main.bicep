// Everything that Tally runs on, in a resource group of its own.
targetScope = 'subscription'

@minLength(1)
@maxLength(32)
@description('Names the environment; part of every resource name.')
param environmentName string

@description('An Azure region with Flex Consumption and PostgreSQL Flexible Server.')
param location string

@allowed(['dev', 'prod'])
@description('Which sizes of sizes.json to take.')
param size string = 'dev'

@description('Puts storage and database behind private endpoints of a virtual network, and closes their public ones.')
param privateNetwork bool = false

@description('User name, group name or application name of the database\'s Entra administrator, who runs the migrations.')
param databaseAdministratorName string

@description('Object id of that administrator.')
param databaseAdministratorObjectId string

@allowed(['User', 'Group', 'ServicePrincipal'])
param databaseAdministratorType string = 'User'

@description('The public IPv4 address that the migrations come from; empty if they come from Azure, or through the virtual network.')
param databaseAdministratorAddress string = ''

@description('Where alerts are sent; empty for alerts that only show in the portal.')
param alertEmail string = ''

var sizes = loadJsonContent('sizes.json')[size]
var token = take(uniqueString(subscription().id, environmentName, location), 8)
var tags = {
  'azd-env-name': environmentName
  application: 'tally'
  size: size
}

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
    publisherPrincipalId: identity.outputs.principalId
  }
}

module network 'network.bicep' = if (privateNetwork) {
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
  }
}

module database 'database.bicep' = {
  name: 'database'
  scope: group
  params: {
    name: 'psql-tally-${token}'
    location: location
    tags: tags
    size: sizes.database
    publicAccess: !privateNetwork
    administratorAddress: databaseAdministratorAddress
    administratorName: databaseAdministratorName
    administratorObjectId: databaseAdministratorObjectId
    administratorType: databaseAdministratorType
  }
}

module endpoints 'privateEndpoints.bicep' = if (privateNetwork) {
  name: 'privateEndpoints'
  scope: group
  params: {
    location: location
    tags: tags
    virtualNetworkId: network!.outputs.id
    subnetId: network!.outputs.endpointSubnetId
    hostStorageId: hostStorage.outputs.id
    queueStorageId: queueStorage.outputs.id
    databaseId: database.outputs.id
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
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    hostStorageName: hostStorage.outputs.name
    packageContainerUrl: hostStorage.outputs.packageContainerUrl
    queueStorageName: queueStorage.outputs.name
    databaseConnectionString: 'Host=${database.outputs.host};Database=${database.outputs.databaseName};Username=${identity.outputs.name};SSL Mode=VerifyFull;Maximum Pool Size=${sizes.maximumPoolSize}'
    applicationInsightsConnectionString: monitoring.outputs.applicationInsightsConnectionString
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
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
    databaseId: database.outputs.id
    maxConnections: sizes.database.maxConnections
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_NAME string = functionApp.outputs.name
output DATABASE_HOST string = database.outputs.host
output DATABASE_NAME string = database.outputs.databaseName
output DATABASE_ADMINISTRATOR string = databaseAdministratorName
output FUNCTIONS_IDENTITY_NAME string = identity.outputs.name
output FUNCTIONS_IDENTITY_OBJECT_ID string = identity.outputs.principalId
output TALLY_QUEUE_SERVICE_URI string = queueStorage.outputs.queueServiceUri
