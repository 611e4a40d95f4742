@description('Name of the identity; with Entra sign-in it is also its role name in PostgreSQL.')
param name string
param location string
param tags { *: string }

@description('Issuer and subject of a pipeline that signs in as this identity without a secret; none: only Azure resources can use it.')
param federation { issuer: string, subject: string }?

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

resource pipeline 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = if (federation != null) {
  parent: identity
  name: 'pipeline'
  properties: {
    issuer: federation!.issuer
    subject: federation!.subject
    audiences: ['api://AzureADTokenExchange']
  }
}

output id string = identity.id
output clientId string = identity.properties.clientId
output principalId string = identity.properties.principalId
