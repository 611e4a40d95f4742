// Long: one table, a row a fault.
import { afterAll, describe, expect, it } from '@jest/globals';
import { allFaults } from '../infra/support/infra-checks.ts';
import { type Edit, openBicep, openInfraCopy, type Scenario } from '../infra/support/infra-copy.ts';

type PlantedFault = { fault: string; scenario?: Scenario; edits: Edit[]; says: RegExp };

const modules = (name: string) => `modules/${name}.bicep`;

/** Faults as somebody might make them. Each must be noticed, and by its name. */
const plantedFaults: PlantedFault[] = [
  {
    fault: 'a role is missing',
    edits: [
      {
        file: modules('role-assignments'),
        from: 'if (durableTask != null)',
        to: 'if (durableTask != null && false)',
      },
    ],
    says: /lacks a role it needs: durableTaskDataContributor on Microsoft\.DurableTask\/schedulers\/taskHubs/,
  },
  {
    fault: 'queues and tables are forgotten for durable state in storage',
    scenario: 'everything',
    edits: [
      {
        file: modules('role-assignments'),
        from: 'durableTask == null\n',
        to: 'durableTask == null && false\n',
      },
    ],
    says: /lacks a role it needs: storageQueueDataContributor/,
  },
  {
    fault: 'a role is given on the resource group',
    edits: [
      {
        file: modules('role-assignments'),
        from: '  scope: vault\n  name: guid(vault.id, identity.id,',
        to: '  name: guid(vault.id, identity.id,',
      },
    ],
    says: /keyVaultSecretsUser is given on a resource group or subscription: too wide/,
  },
  {
    fault: 'a stronger role than needed',
    edits: [
      {
        file: modules('role-assignments'),
        from: "'Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)",
        to: "'Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsOfficer)",
      },
    ],
    says: /has a role it does not need: keyVaultSecretsOfficer on Microsoft\.KeyVault\/vaults/,
  },
  {
    fault: 'a setting has another name than the app reads',
    edits: [
      {
        file: modules('app-settings'),
        from: "name: 'SQ_DATABASE_POOL_SIZE'",
        to: "name: 'SQ_DB_POOL_SIZE'",
      },
    ],
    says: /app setting SQ_DB_POOL_SIZE is read by nobody/,
  },
  {
    fault: 'a required setting is not set',
    edits: [
      {
        file: modules('app-settings'),
        from: "name: 'DATABASE_URL'\n",
        to: "name: 'DATABASE_URL'\n    when: false\n",
      },
    ],
    says: /app setting DATABASE_URL is missing/,
  },
  {
    fault: 'a setting has a value that the app refuses',
    scenario: 'everything',
    edits: [
      {
        file: modules('app-settings'),
        from: "name: 'AOAI_AUTH', value: 'entra'",
        to: "name: 'AOAI_AUTH', value: 'managed'",
      },
    ],
    says: /the app refuses setting AOAI_AUTH/,
  },
  {
    fault: 'sign-in with Entra is handed over in part',
    scenario: 'everything',
    edits: [
      {
        file: modules('app-settings'),
        from: 'value: tenant().tenantId, when: entra != null',
        to: 'value: tenant().tenantId, when: false',
      },
    ],
    says: /the app refuses setting SQ_ENTRA_TENANTS: is missing, though SQ_ENTRA_AUDIENCE is set/,
  },
  {
    fault: 'a secret goes into a setting as it is',
    edits: [
      {
        file: 'main.dev.bicepparam',
        from: 'param alertSpendUsdPerHour = 5',
        to: "param extraSettings = { SQ_HYPERBOLIC_KEY: 'hyp-1234567890' }",
      },
    ],
    says: /SQ_HYPERBOLIC_KEY is a secret in plain text/,
  },
  {
    fault: 'a reference without a secret',
    edits: [
      {
        file: modules('key-vault'),
        from: "toLower(replace(setting, '_', '-'))",
        to: 'toLower(setting)',
      },
    ],
    says: /SQ_ADMIN_KEY refers to a secret that is not in the vault: sq-admin-key/,
  },
  {
    fault: 'a secret in an output',
    edits: [
      {
        file: 'main.bicep',
        from: 'output AZURE_LOCATION string = location',
        to: "output ADMIN_KEY string = secretValues[?'SQ_ADMIN_KEY'] ?? ''",
      },
    ],
    says: /outputs-should-not-contain-secrets|output ADMIN_KEY shows a secret/,
  },
  {
    fault: 'a secret as the default of a parameter',
    edits: [
      {
        file: 'main.bicep',
        from: 'param secretValues { *: string } = {}',
        to: "param secretValues { *: string } = { SQ_ADMIN_KEY: 'sq_1' }",
      },
    ],
    says: /secure-parameter-default|parameter secretValues has a secret as default/,
  },
  {
    fault: 'a secret parameter that is not secure',
    edits: [
      {
        file: 'main.bicep',
        from: "@description('Address that alerts go to.')\n",
        to: "@description('Unused.')\nparam openAiPassword string = ''\n\n@description('Address that alerts go to.')\n",
      },
    ],
    says: /secure-secrets-in-params|parameter openAiPassword may hold a secret and is not @secure/,
  },
  {
    fault: 'keyVaultReferenceIdentity in siteConfig',
    edits: [
      {
        file: modules('function-app'),
        from: '    keyVaultReferenceIdentity: identityId\n',
        to: '',
      },
      {
        file: modules('function-app'),
        from: '    siteConfig: {\n',
        to: '    siteConfig: {\n      keyVaultReferenceIdentity: identityId\n',
      },
    ],
    says: /keyVaultReferenceIdentity stands in siteConfig, where it is ignored/,
  },
  {
    fault: 'a property that Flex Consumption refuses',
    edits: [
      {
        file: modules('function-app'),
        from: '      http20Enabled: true\n',
        to: "      http20Enabled: true\n      ftpsState: 'Disabled'\n",
      },
    ],
    says: /siteConfig\.ftpsState is refused on Flex Consumption/,
  },
  {
    fault: 'storage with shared keys',
    edits: [
      { file: modules('storage'), from: 'allowSharedKeyAccess: false', to: 'allowSharedKeyAccess: true' },
    ],
    says: /storage can be opened with a key/,
  },
  {
    fault: 'a public container',
    edits: [{ file: modules('storage'), from: "publicAccess: 'None'", to: "publicAccess: 'Blob'" }],
    says: /a container is public/,
  },
  {
    fault: 'a vault that can be purged',
    edits: [
      { file: modules('key-vault'), from: 'enablePurgeProtection: true', to: 'enablePurgeProtection: null' },
    ],
    says: /the vault can be purged/,
  },
  {
    fault: 'telemetry with local authentication',
    edits: [{ file: modules('monitoring'), from: 'DisableLocalAuth: true', to: 'DisableLocalAuth: false' }],
    says: /telemetry is accepted without a token/,
  },
  {
    fault: 'a database with passwords',
    edits: [{ file: modules('postgres'), from: "passwordAuth: 'Disabled'", to: "passwordAuth: 'Enabled'" }],
    says: /the database accepts passwords/,
  },
  {
    fault: 'an extension is not allowed',
    edits: [{ file: modules('postgres'), from: 'VECTOR,PG_TRGM', to: 'PG_TRGM' }],
    says: /azure\.extensions does not allow VECTOR/,
  },
  {
    fault: 'PgBouncer without ignored parameters',
    scenario: 'main.prod',
    edits: [
      {
        file: modules('postgres'),
        from: "value: 'statement_timeout,idle_in_transaction_session_timeout,extra_float_digits'",
        to: "value: 'extra_float_digits'",
      },
    ],
    says: /PgBouncer refuses every connection: statement_timeout/,
  },
  {
    fault: 'migrations through PgBouncer',
    edits: [
      {
        file: modules('app-settings'),
        from: ':5432/',
        to: ':6432/',
      },
    ],
    says: /migrations go through the pooler/,
  },
  {
    fault: 'a database size that nobody knows',
    edits: [
      {
        file: 'main.dev.bicepparam',
        from: 'param alertSpendUsdPerHour = 5',
        to: "param databaseSku = 'Standard_B3s'",
      },
    ],
    says: /Standard_B3s is not in database-skus\.json/,
  },
  {
    fault: 'a replica of a Burstable server',
    edits: [
      {
        file: 'main.dev.bicepparam',
        from: 'param alertSpendUsdPerHour = 5',
        to: 'param databaseReplica = true',
      },
    ],
    says: /Standard_B2s is Burstable and has neither replica nor standby/,
  },
  {
    fault: 'the children of the database at the same time',
    edits: [
      {
        file: modules('postgres'),
        from: '@batchSize(1)\nresource configuration ',
        to: 'resource configuration ',
      },
    ],
    says: /configurations of the database are changed at the same time/,
  },
  {
    fault: 'too many connections',
    edits: [
      {
        file: 'main.dev.bicepparam',
        from: 'param alertSpendUsdPerHour = 5',
        to: 'param databasePoolSize = 10',
      },
    ],
    says: /maximumInstanceCount 40 x 3 function groups x databasePoolSize 10 = 1200 connections, but Standard_B2s grants 404/,
  },
  {
    fault: 'connections that nobody counts',
    edits: [
      { file: 'main.bicep', from: 'var databaseGroups = 3', to: 'var databaseGroups = 1' },
      {
        file: 'main.dev.bicepparam',
        from: 'param alertSpendUsdPerHour = 5',
        to: 'param databasePoolSize = 10',
      },
    ],
    says: /1200 connections are wanted and 414 granted/,
  },
  {
    fault: 'an api-version that does not exist',
    edits: [
      {
        file: modules('openai'),
        from: "'Microsoft.CognitiveServices/accounts@2025-06-01'",
        to: "'Microsoft.CognitiveServices/accounts@2025-06-30'",
      },
    ],
    says: /BCP081|accounts@2025-06-30 is not on the list/,
  },
  {
    fault: 'a literal GUID',
    edits: [
      {
        file: modules('role-assignments'),
        from: 'roles.storageBlobDataOwner, roles.storageQueue',
        to: "'b7e6dc6d-f1e8-4753-8033-0f276bb0955b', roles.storageQueue",
      },
    ],
    says: /modules\/role-assignments\.bicep has a literal GUID/,
  },
  {
    fault: 'Easy Auth',
    edits: [
      {
        file: modules('app-settings'),
        from: 'resource settings ',
        to: "resource authentication 'Microsoft.Web/sites/config@2025-03-01' = {\n  parent: app\n  name: 'authsettingsV2'\n  properties: { platform: { enabled: true } }\n}\n\nresource settings ",
      },
    ],
    says: /Easy Auth is on/,
  },
  {
    fault: 'a task hub that host.json does not name',
    edits: [{ file: modules('app-settings'), from: "name: 'TASKHUB_NAME'", to: "name: 'AZURE_TASKHUB'" }],
    says: /host\.json of the package names TASKHUB_NAME, which is not an app setting/,
  },
  {
    fault: 'a scheduler that refuses everybody',
    edits: [
      {
        file: modules('durable-scheduler'),
        from: 'ipAllowlist: allowedRanges',
        to: 'ipAllowlist: take(allowedRanges, 0)',
      },
    ],
    says: /the ipAllowlist of the scheduler is empty/,
  },
  {
    fault: "everybody's Front Door",
    scenario: 'everything',
    edits: [
      {
        file: modules('function-app'),
        from: "    headers: { 'x-azure-fdid': [frontDoorId] }\n",
        to: '',
      },
    ],
    says: /everybody's Front Door may call/,
  },
  {
    fault: 'a private network around a public database',
    scenario: 'private',
    edits: [
      {
        file: modules('postgres'),
        from: 'var authentication = {',
        to: "var always = 'Enabled'\nvar authentication = {",
      },
      {
        file: modules('postgres'),
        from: "    highAvailability: { mode: highAvailability ? 'ZoneRedundant' : 'Disabled' }\n    network: { publicNetworkAccess: private ? 'Disabled' : 'Enabled' }",
        to: "    highAvailability: { mode: highAvailability ? 'ZoneRedundant' : 'Disabled' }\n    network: { publicNetworkAccess: always }",
      },
    ],
    says: /there is a private network, and Microsoft\.DBforPostgreSQL\/flexibleServers can be reached from outside/,
  },
  {
    fault: 'a private network without a way to the queues',
    scenario: 'private',
    edits: [{ file: 'main.bicep', from: "['blob', 'queue', 'table']", to: "['blob', 'table']" }],
    says: /the host needs queue storage, which has no private endpoint/,
  },
  {
    fault: 'an alert on something that is not sent',
    edits: [{ file: modules('alerts'), from: 'sq.tick.age', to: 'sq.tick.seconds' }],
    says: /an alert looks at sq\.tick\.seconds, which the app does not send/,
  },
  {
    fault: 'an unused parameter',
    edits: [{ file: modules('openai'), from: '  tags: tags\n', to: '' }],
    says: /no-unused-params/,
  },
];

const bicep = openBicep();
const copy = bicep && openInfraCopy(bicep);
const describeWithBicep = copy === null ? describe.skip : describe;

describeWithBicep('a fault in infra/ is noticed', () => {
  afterAll(() => copy?.close());

  it.each(plantedFaults)('$fault', async ({ scenario = 'main.dev', edits, says }) => {
    if (copy === null) return;
    const faults = allFaults(await copy.compile({ edits, chosen: [scenario] }));
    expect(faults.filter((fault) => says.test(fault))).not.toEqual([]);
  });
});
