param name string
param location string
param tags { *: string }

@description('Range of the network (CIDR), at least a /24: a /26 for the instances of the app, a /26 for private endpoints.')
param addressRange string

resource network 'Microsoft.Network/virtualNetworks@2025-01-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressRange] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addressRange, 26, 0)
          // What Flex Consumption wants; the subnet is its own.
          delegations: [{ name: 'flex', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: { addressPrefix: cidrSubnet(addressRange, 26, 1) }
      }
    ]
  }
}
