import { at, type Deployment } from './deployment.ts';

/** Property of every resource of a type, the only value it may have, and what another one would mean. */
const mustBe: readonly [type: string, where: string, value: unknown, otherwise: string][] = [
  [
    'Microsoft.Storage/storageAccounts',
    'properties.allowSharedKeyAccess',
    false,
    'storage can be opened with a key',
  ],
  [
    'Microsoft.Storage/storageAccounts',
    'properties.allowBlobPublicAccess',
    false,
    'storage allows public blobs',
  ],
  [
    'Microsoft.Storage/storageAccounts',
    'properties.defaultToOAuthAuthentication',
    true,
    'the portal asks for storage keys',
  ],
  [
    'Microsoft.Storage/storageAccounts',
    'properties.supportsHttpsTrafficOnly',
    true,
    'storage answers without TLS',
  ],
  ['Microsoft.Storage/storageAccounts', 'properties.minimumTlsVersion', 'TLS1_2', 'storage accepts old TLS'],
  [
    'Microsoft.Storage/storageAccounts/blobServices/containers',
    'properties.publicAccess',
    'None',
    'a container is public',
  ],
  [
    'Microsoft.KeyVault/vaults',
    'properties.enableRbacAuthorization',
    true,
    'the vault has access policies instead of roles',
  ],
  ['Microsoft.KeyVault/vaults', 'properties.enablePurgeProtection', true, 'the vault can be purged'],
  ['Microsoft.KeyVault/vaults', 'properties.enableSoftDelete', true, 'secrets are deleted for good'],
  [
    'Microsoft.Insights/components',
    'properties.DisableLocalAuth',
    true,
    'telemetry is accepted without a token',
  ],
  [
    'Microsoft.OperationalInsights/workspaces',
    'properties.features.disableLocalAuth',
    true,
    'logs are accepted with a key',
  ],
  [
    'Microsoft.CognitiveServices/accounts',
    'properties.disableLocalAuth',
    true,
    'Azure OpenAI can be asked with a key',
  ],
  [
    'Microsoft.DBforPostgreSQL/flexibleServers',
    'properties.authConfig.passwordAuth',
    'Disabled',
    'the database accepts passwords',
  ],
  [
    'Microsoft.DBforPostgreSQL/flexibleServers',
    'properties.authConfig.activeDirectoryAuth',
    'Enabled',
    'the database refuses Entra tokens',
  ],
  ['Microsoft.Web/serverfarms', 'sku.name', 'FC1', 'the plan is not Flex Consumption'],
  ['Microsoft.Web/sites', 'properties.httpsOnly', true, 'the app answers without TLS'],
  ['Microsoft.Web/sites', 'properties.siteConfig.minTlsVersion', '1.2', 'the app accepts old TLS'],
  [
    'Microsoft.Web/sites',
    'properties.functionAppConfig.runtime.version',
    '24',
    'the app runs on another Node',
  ],
  ['Microsoft.Web/sites', 'identity.type', 'UserAssigned', 'the app has another kind of identity'],
  [
    'Microsoft.Web/sites',
    'properties.functionAppConfig.deployment.storage.authentication.type',
    'UserAssignedIdentity',
    'the package is read with a key',
  ],
  [
    'Microsoft.Web/sites/basicPublishingCredentialsPolicies',
    'properties.allow',
    false,
    'the app can be published with a password',
  ],
];

export const wrongProperties = ({ all }: Deployment): string[] =>
  mustBe.flatMap(([type, where, value, otherwise]) =>
    all(type)
      .filter((resource) => at(resource, where) !== value)
      // A replica takes its sign-in from its source where it says nothing.
      .map(() => `${otherwise} (${where})`),
  );

/** A Flex Consumption app refuses these, or they do the opposite of what they did on older plans. */
const notOnFlex =
  /^(FUNCTIONS_WORKER_RUNTIME|FUNCTIONS_EXTENSION_VERSION|WEBSITE_RUN_FROM_PACKAGE|WEBSITE_NODE_DEFAULT_VERSION|WEBSITE_CONTENT.*|WEBSITE_VNET_ROUTE_ALL|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|AzureWebJobsStorage)$/;

/** Error 51021 of the platform names these. */
const refusedByFlex = [
  'alwaysOn',
  'ftpsState',
  'functionAppScaleLimit',
  'functionsRuntimeScaleMonitoringEnabled',
  'linuxFxVersion',
  'netFrameworkVersion',
  'preWarmedInstanceCount',
  'use32BitWorkerProcess',
];

export const wrongApp = ({ one, all, settings }: Deployment): string[] => {
  const app = one('Microsoft.Web/sites');
  const faults: string[] = [];
  if (!at(app, 'properties.keyVaultReferenceIdentity')) {
    faults.push('keyVaultReferenceIdentity is missing on the app: no Key Vault reference would be resolved');
  }
  if (at(app, 'properties.siteConfig.keyVaultReferenceIdentity') !== undefined) {
    faults.push('keyVaultReferenceIdentity stands in siteConfig, where it is ignored');
  }
  for (const name of refusedByFlex) {
    if (at(app, `properties.siteConfig.${name}`) !== undefined) {
      faults.push(`siteConfig.${name} is refused on Flex Consumption`);
    }
  }
  for (const name of Object.keys(settings)) {
    if (notOnFlex.test(name)) faults.push(`app setting ${name} is not for Flex Consumption`);
  }
  const authentication = all('Microsoft.Web/sites/config').filter(({ name }) => /\/authsettings/i.test(name));
  if (authentication.length > 0) faults.push('Easy Auth is on: its header can be forged');
  if (at(app, 'tags.azd-service-name') !== 'app') faults.push('azd would not find the app by its tag');
  for (const { ipAllowlist } of all('Microsoft.DurableTask/schedulers').map(
    ({ properties }) => properties as { ipAllowlist: string[] },
  )) {
    if (ipAllowlist.length === 0)
      faults.push('the ipAllowlist of the scheduler is empty: it refuses everybody');
  }
  return faults;
};

/** Unless ranges or a front door are given, everybody may call; with them nobody else. */
export const wrongAccess = ({ one }: Deployment): string[] => {
  const site = at(one('Microsoft.Web/sites'), 'properties.siteConfig') as {
    ipSecurityRestrictions: { tag?: string; headers?: object }[];
    ipSecurityRestrictionsDefaultAction: string;
  };
  const { ipSecurityRestrictions: rules, ipSecurityRestrictionsDefaultAction: otherwise } = site;
  return [
    ...(rules.length > 0 && otherwise !== 'Deny'
      ? ['access rules are given, and everybody else may call too']
      : []),
    ...(rules.some(({ tag, headers }) => tag === 'ServiceTag' && headers === undefined)
      ? ["everybody's Front Door may call: the rule has no id"]
      : []),
  ];
};
