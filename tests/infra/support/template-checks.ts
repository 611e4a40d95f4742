import { at, type Compiled } from './deployment.ts';

/** Versions that somebody has looked at; another one is a decision, not an accident. */
const apiVersions: Readonly<Record<string, string>> = {
  'Microsoft.Authorization/roleAssignments': '2022-04-01',
  'Microsoft.CognitiveServices/accounts': '2025-06-01',
  'Microsoft.CognitiveServices/accounts/deployments': '2025-06-01',
  'Microsoft.Consumption/budgets': '2023-11-01',
  'Microsoft.DBforPostgreSQL/flexibleServers': '2025-08-01',
  'Microsoft.DBforPostgreSQL/flexibleServers/administrators': '2025-08-01',
  'Microsoft.DBforPostgreSQL/flexibleServers/configurations': '2025-08-01',
  'Microsoft.DBforPostgreSQL/flexibleServers/databases': '2025-08-01',
  'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules': '2025-08-01',
  'Microsoft.DurableTask/schedulers': '2025-11-01',
  'Microsoft.DurableTask/schedulers/retentionPolicies': '2026-02-01',
  'Microsoft.DurableTask/schedulers/taskHubs': '2025-11-01',
  'Microsoft.Insights/actionGroups': '2023-01-01',
  'Microsoft.Insights/components': '2020-02-02',
  'Microsoft.Insights/diagnosticSettings': '2021-05-01-preview',
  'Microsoft.Insights/metricAlerts': '2018-03-01',
  'Microsoft.Insights/scheduledQueryRules': '2023-12-01',
  'Microsoft.KeyVault/vaults': '2024-11-01',
  'Microsoft.KeyVault/vaults/secrets': '2024-11-01',
  'Microsoft.ManagedIdentity/userAssignedIdentities': '2024-11-30',
  'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials': '2024-11-30',
  'Microsoft.Network/privateDnsZones': '2024-06-01',
  'Microsoft.Network/privateDnsZones/virtualNetworkLinks': '2024-06-01',
  'Microsoft.Network/privateEndpoints': '2025-01-01',
  'Microsoft.Network/privateEndpoints/privateDnsZoneGroups': '2025-01-01',
  'Microsoft.Network/virtualNetworks': '2025-01-01',
  'Microsoft.Network/virtualNetworks/subnets': '2025-01-01',
  'Microsoft.OperationalInsights/workspaces': '2025-02-01',
  'Microsoft.Resources/deployments': '2025-04-01',
  'Microsoft.Resources/resourceGroups': '2025-04-01',
  'Microsoft.Storage/storageAccounts': '2025-01-01',
  'Microsoft.Storage/storageAccounts/blobServices': '2025-01-01',
  'Microsoft.Storage/storageAccounts/blobServices/containers': '2025-01-01',
  'Microsoft.Web/serverfarms': '2025-03-01',
  'Microsoft.Web/sites': '2025-03-01',
  'Microsoft.Web/sites/basicPublishingCredentialsPolicies': '2025-03-01',
  'Microsoft.Web/sites/config': '2025-03-01',
};

type Template = {
  parameters: Record<string, { type?: string; $ref?: string; defaultValue?: unknown }>;
  outputs: Record<string, { type?: string; value?: unknown }>;
  resources: Record<string, TemplateResource>;
};
type TemplateResource = {
  type: string;
  apiVersion: string;
  existing?: boolean;
  copy?: { mode?: string; batchSize?: number };
  dependsOn?: string[];
};

const resourcesOf = (template: Template) => Object.values(template.resources ?? {});

/** The template and those of its modules. */
const templatesOf = (template: Template): Template[] => [
  template,
  ...resourcesOf(template).flatMap((resource) => {
    const nested = at(resource, 'properties.template');
    return nested === undefined ? [] : templatesOf(nested as Template);
  }),
];

const unique = (texts: string[]) => [...new Set(texts)];

export const compilerFaults = ({ diagnostics, refusals }: Compiled): string[] => [
  ...diagnostics.map(({ level, code, message }) => `${level} ${code}: ${message}`),
  ...refusals,
];

export const unknownApiVersions = ({ template }: Compiled): string[] =>
  unique(
    templatesOf(template as Template)
      .flatMap(resourcesOf)
      .filter(({ type, apiVersion }) => apiVersions[type] !== apiVersion)
      .map(({ type, apiVersion }) => `${type}@${apiVersion} is not on the list of known versions`),
  );

const secretName = /secret(?!settings|softdelete)|password|apikey|adminkey|connectionstring/i;
const revealing = /\blist[A-Z]\w*\(|parameters\('secretValues'\)|\.primaryKey|\.connectionString/;

export const leaks = ({ template }: Compiled): string[] =>
  unique(
    templatesOf(template as Template).flatMap(({ parameters = {}, outputs = {} }) => [
      ...Object.entries(parameters).flatMap(([name, { type = '', defaultValue }]) => {
        const isSecure = /^secure/i.test(type);
        const isEmpty = ['', '{}'].includes(
          typeof defaultValue === 'string' ? defaultValue : JSON.stringify(defaultValue ?? {}),
        );
        if (isSecure) return isEmpty ? [] : [`parameter ${name} has a secret as default`];
        const mayHold = ['string', 'object'].includes(type.toLowerCase());
        // The connection string of Application Insights opens nothing: local authentication is off.
        const isHarmless = name === 'applicationInsightsConnectionString';
        return mayHold && secretName.test(name) && !isHarmless
          ? [`parameter ${name} may hold a secret and is not @secure()`]
          : [];
      }),
      ...Object.entries(outputs)
        .filter(([, { type = '', value }]) => /^secure/i.test(type) || revealing.test(JSON.stringify(value)))
        .map(([name]) => `output ${name} shows a secret`),
    ]),
  );

export const oddOutputs = ({ template }: Compiled): string[] =>
  Object.keys((template as Template).outputs ?? {})
    .filter((name) => !/^[A-Z][A-Z0-9_]*$/.test(name))
    .map((name) => `output ${name} is not in capitals, as azd wants its variables`);

const guid = /\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/i;

export const literalGuids = ({ sources }: Compiled): string[] =>
  Object.entries(sources)
    .filter(([file, text]) => !file.endsWith('roles.json') && guid.test(text))
    .map(([file]) => `${file} has a literal GUID: roles belong in roles.json`);

/** The server of the database refuses changes at the same time, so each kind of child waits for the one before. */
export const databaseOrder = ({ template }: Compiled): string[] => {
  const faults: string[] = [];
  const before: Record<string, string> = { firewallRules: 'database', configurations: 'firewall' };
  before.administrators = 'configuration';
  for (const { resources = {} } of templatesOf(template as Template)) {
    for (const { type, copy, dependsOn = [] } of Object.values(resources)) {
      const child = /^Microsoft\.DBforPostgreSQL\/flexibleServers\/(\w+)$/.exec(type)?.[1];
      if (child === undefined) continue;
      if (copy && (copy.mode !== 'serial' || copy.batchSize !== 1)) {
        faults.push(`${child} of the database are changed at the same time`);
      }
      const first = before[child];
      if (first && !dependsOn.some((name) => name === first || name === 'copy')) {
        faults.push(`${child} of the database do not wait for ${first}`);
      }
    }
  }
  return faults;
};
