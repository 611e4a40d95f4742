param location string
param tags { *: string }
param networkName string
param endpoints endpoint[]

@description('A resource by its type and name, and one of its services.')
type endpoint = { name: string, type: string, resource: string, service: string }

// Where the address of a service is answered privately, in the public cloud.
var zoneOf = loadJsonContent('../private-zones.json')
var zones = union(map(endpoints, endpoint => zoneOf[endpoint.service]), [])

resource network 'Microsoft.Network/virtualNetworks@2025-01-01' existing = {
  name: networkName

  resource subnet 'subnets' existing = {
    name: 'endpoints'
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for name in zones: {
    name: name
    location: 'global'
    tags: tags
  }
]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (name, index) in zones: {
    parent: zone[index]
    name: networkName
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: network.id }
    }
  }
]

@batchSize(1)
resource privateEndpoint 'Microsoft.Network/privateEndpoints@2025-01-01' = [
  for endpoint in endpoints: {
    name: 'pe-${endpoint.name}'
    location: location
    tags: tags
    properties: {
      subnet: { id: network::subnet.id }
      privateLinkServiceConnections: [
        {
          name: endpoint.name
          properties: { 
            privateLinkServiceId: resourceId(endpoint.type, endpoint.resource)
            groupIds: [endpoint.service]
          }
        }
      ]
    }
  }
]

resource registration 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-01-01' = [
  for (endpoint, index) in endpoints: {
    parent: privateEndpoint[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: endpoint.service
          properties: { privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', zoneOf[endpoint.service]) }
        }
      ]
    }
    dependsOn: [zone, link]
  }
]
