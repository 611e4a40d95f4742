param name string
param planName string
param location string
param tags { *: string }
param identityId string

@description('Address of the container with the package.')
param packageUrl string

@allowed([512, 2048, 4096])
param instanceMemoryMB int

@description('Instances of each function group at most: all HTTP functions are one, all durable ones another, the timer a third.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int

@minValue(0)
param alwaysReadyHttp int

@minValue(0)
param alwaysReadyDurable int
param zoneRedundant bool

@description('Network whose subnet `app` the instances are in; none: they have no network of their own.')
param networkName string?

@description('Address ranges that may call. Empty, and no front door: everybody may, with a key.')
param allowedAddressRanges string[]

@description('Azure Front Door that may call, by its id (`frontDoorId` of the profile).')
param frontDoorId string?

var frontDoorRules = [
  {
    name: 'front-door'
    priority: 90
    action: 'Allow'
    tag: 'ServiceTag'
    ipAddress: 'AzureFrontDoor.Backend'
    // The service tag is everybody's Front Door; only the id is ours.
    headers: { 'x-azure-fdid': [frontDoorId] }
  }
]
var addressRules = map(allowedAddressRanges, (range, index) => {
  name: 'range-${index}'
  priority: 100 + index
  action: 'Allow'
  ipAddress: range
})
var accessRules = concat(frontDoorId == null ? [] : frontDoorRules, addressRules)
var alwaysReady = filter(
  [
    { name: 'http', instanceCount: alwaysReadyHttp }
    { name: 'durable', instanceCount: alwaysReadyDurable }
  ],
  group => group.instanceCount > 0
)

resource network 'Microsoft.Network/virtualNetworks@2025-01-01' existing = {
  name: networkName ?? 'none'

  resource subnet 'subnets' existing = {
    name: 'app'
  }
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  // azd finds the app by this tag.
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: networkName == null ? null : network::subnet.id
    outboundVnetRouting: networkName == null ? null : { applicationTraffic: true }
    // Of the app itself: inside siteConfig it would be ignored, and every reference stay unresolved.
    keyVaultReferenceIdentity: identityId
    // Flex Consumption refuses many properties that other plans want here, ftpsState and linuxFxVersion among them.
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      ipSecurityRestrictionsDefaultAction: empty(accessRules) ? 'Allow' : 'Deny'
      ipSecurityRestrictions: accessRules
    }
    functionAppConfig: {
      runtime: { name: 'node', version: '24' }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReady
      }
    }
  }

  // Publishing goes with an Entra token.
  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

output hostName string = app.properties.defaultHostName
