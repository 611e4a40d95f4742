import { at, type Deployment } from './deployment.ts';

/** Types that hold data; where there is a network, each is reached through it and in no other way. */
const keepers = [
  'Microsoft.Storage/storageAccounts',
  'Microsoft.KeyVault/vaults',
  'Microsoft.DBforPostgreSQL/flexibleServers',
  'Microsoft.CognitiveServices/accounts',
];

const isPublic = (resource: unknown) =>
  (at(resource, 'properties.publicNetworkAccess') ??
    at(resource, 'properties.network.publicNetworkAccess')) !== 'Disabled';

export const wrongNetwork = ({ all, one, settings }: Deployment): string[] => {
  if (all('Microsoft.Network/virtualNetworks').length === 0) return [];
  const endpoints = all('Microsoft.Network/privateEndpoints').map((endpoint) => JSON.stringify(endpoint));
  const kept = keepers.flatMap((type) => all(type));
  const zones = all('Microsoft.Network/privateDnsZones').length;
  const faults = [
    ...kept
      .filter(isPublic)
      .map(({ type }) => `there is a private network, and ${type} can be reached from outside`),
    ...kept
      .filter(({ id }) => !endpoints.some((endpoint) => endpoint.includes(`"${id}"`)))
      .map(({ type, name }) => `${type} ${name} has no private endpoint: nobody reaches it`),
  ];
  const services = ['blob', ...(settings.AzureWebJobsStorage__queueServiceUri ? ['queue', 'table'] : [])];
  for (const service of services) {
    if (!endpoints.some((endpoint) => endpoint.includes(`"groupIds":["${service}"]`))) {
      faults.push(`the host needs ${service} storage, which has no private endpoint`);
    }
  }
  if (all('Microsoft.Network/privateDnsZones/virtualNetworkLinks').length !== zones) {
    faults.push('a private zone is not linked to the network: its names lead outside');
  }
  if (all('Microsoft.DBforPostgreSQL/flexibleServers/firewallRules').length > 0) {
    faults.push('firewall rules are refused by a database without public access');
  }
  if (!at(one('Microsoft.Web/sites'), 'properties.virtualNetworkSubnetId')) {
    faults.push('the app is not in the private network');
  }
  return faults;
};
