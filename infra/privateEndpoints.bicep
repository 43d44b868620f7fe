// Private endpoints, and the names under which the virtual network finds them.
param location string
param tags object
param subnetId string
param dnsZoneGroupId string
param hostStorageId string
param queueStorageId string
param databaseId string

var endpoints = [
  { name: 'host-blob', target: hostStorageId, kind: 'blob', zone: 'privatelink.blob.${environment().suffixes.storage}' }
  { name: 'business-queue', target: queueStorageId, kind: 'queue', zone: 'privatelink.queue.${environment().suffixes.storage}' }
  { name: 'database', target: databaseId, kind: 'postgresqlServer', zone: 'privatelink.postgres.database.azure.com' }
]

var ownZones = empty(dnsZoneGroupId)
var zoneGroupId = ownZones ? resourceGroup().id : dnsZoneGroupId

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [for endpoint in endpoints: if (ownZones) {
  name: endpoint.zone
  location: 'global'
  tags: tags
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (endpoint, index) in endpoints: if (ownZones) {
  parent: zones[index]
  name: 'tally'
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: { id: split(subnetId, '/subnets/')[0] }
  }
}]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [for endpoint in endpoints: {
  name: 'pe-${endpoint.name}'
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      { name: endpoint.name, properties: { privateLinkServiceId: endpoint.target, groupIds: [endpoint.kind] } }
    ]
  }
}]

resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [for (endpoint, index) in endpoints: {
  parent: privateEndpoints[index]
  name: 'default'
  dependsOn: [links]
  properties: {
    privateDnsZoneConfigs: [{ name: endpoint.kind, properties: { privateDnsZoneId: '${zoneGroupId}/providers/Microsoft.Network/privateDnsZones/${endpoint.zone}' } }]
  }
}]
