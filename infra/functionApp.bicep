// The function app, on Flex Consumption. Its settings are those of docs/settings.md.
param name string
param location string
param tags object
param maximumInstanceCount int
param instanceMemoryMB int
param identityId string
param identityClientId string
param hostStorageName string
param packageContainerUrl string
param queueStorageName string
param databaseConnectionString string
param applicationInsightsConnectionString string
param subnetId string

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'functions' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      alwaysOn: false
      minTlsVersion: '1.2'
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'dotnet-isolated', version: '10.0' }
      scaleAndConcurrency: {
        maximumInstanceCount: maximumInstanceCount
        instanceMemoryMB: instanceMemoryMB
      }
    }
  }
}

resource settings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'appsettings'
  properties: {
    AzureWebJobsStorage__accountName: hostStorageName
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId
    TallyQueues__queueServiceUri: 'https://${queueStorageName}.queue.${environment().suffixes.storage}'
    TallyQueues__credential: 'managedidentity'
    TallyQueues__clientId: identityClientId
    ConnectionStrings__Tally: databaseConnectionString
    Database__Identity: 'true'
    Database__ClientId: identityClientId
    Database__Instances: string(maximumInstanceCount)
    ValueStreamSchedule: '0 */5 * * * *'
    BillingSchedule: '0 15 * * * *'
    ReconcileSchedule: '0 30 2 * * *'
    PurgeSchedule: '0 30 4 * * *'
    MeasureQueuesSchedule: '0 */5 * * * *'
    APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsightsConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  }
}

// Nobody publishes with a user name and a password.
resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource noScmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

output name string = app.name
