// The function app, on Flex Consumption. Its settings are those of docs/settings.md.
param name string
param location string
param tags object
param maximumInstanceCount int
param instanceMemoryMB int
param alwaysReady array
param siteUpdateStrategy string
param zoneRedundant bool
param identityId string
param identityClientId string
param hostBlobServiceUri string
param packageContainerUrl string
param queueServiceUri string
param databaseConnectionString string
param applicationInsightsConnectionString string
param tracesPerSecond int
param subnetId string
param extraSettings object

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
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
    siteConfig: { minTlsVersion: '1.2' }
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
        alwaysReady: alwaysReady
      }
      // The service and the Azure CLI know it; the published types do not yet.
      #disable-next-line BCP037
      siteUpdateStrategy: { type: siteUpdateStrategy }
    }
  }
}

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union({
    AzureWebJobsStorage__blobServiceUri: hostBlobServiceUri
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId
    TallyQueues__queueServiceUri: queueServiceUri
    TallyQueues__credential: 'managedidentity'
    TallyQueues__clientId: identityClientId
    ConnectionStrings__Tally: databaseConnectionString
    Database__Identity: 'true'
    Database__ClientId: identityClientId
    Database__Instances: string(maximumInstanceCount)
    Database__AlwaysReady: string(reduce(map(alwaysReady, one => one.instanceCount), 0, (sum, count) => sum + count))
    ValueStreamSchedule: '0 */5 * * * *'
    BillingSchedule: '0 15 * * * *'
    ReconcileSchedule: '0 30 2 * * *'
    PurgeSchedule: '0 30 4 * * *'
    MeasureQueuesSchedule: '0 */5 * * * *'
    FinishWorkSchedule: '0 */10 * * * *'
    OTEL_SERVICE_NAME: 'tally'
    OTEL_TRACES_SAMPLER: 'microsoft.rate_limited'
    OTEL_TRACES_SAMPLER_ARG: string(tracesPerSecond)
    APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsightsConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  }, extraSettings)
}

// Nobody publishes with a user name and a password.
resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource noScmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

output name string = app.name
