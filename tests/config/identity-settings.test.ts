import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadDatabaseConfig } from '../../src/config/database-config.ts';
import { GrantedScope } from '../../src/config/entra-settings.ts';
import { KeyVaultName } from '../../src/config/secret-setting.ts';
import { Scope } from '../../src/contract/api-key.ts';

const database = 'postgresql://me:database-password@localhost/db';
const tenant = '11111111-2222-3333-4444-555555555555';
const clientId = '99999999-8888-7777-6666-555555555555';
const vault = 'https://v.vault.azure.net';

const load = (settings: Record<string, string>) => loadConfig({ DATABASE_URL: database, ...settings });

const faultsOf = (settings: Record<string, string>): Record<string, string> => {
  try {
    load(settings);
  } catch (error) {
    if (error instanceof ConfigError)
      return Object.fromEntries(error.faults.map(({ setting, message }) => [setting, message]));
    throw error;
  }
  return {};
};

describe('secrets in Key Vault', () => {
  it('are named in any setting that holds a secret', () => {
    const { secrets, providers, adminKeySetting } = load({
      SQ_KEY_VAULT_URL: vault,
      SQ_SECRET_TTL_SECONDS: '60',
      SQ_ADMIN_KEY: 'keyvault:first-admin-key',
      SQ_OPENAI_KEY: 'keyvault:openai',
      SQ_HYPERBOLIC_KEY: 'in-the-environment',
      SQ_KEY_G: 'keyvault:gateway',
      SQ_COMPATIBLE_PROVIDERS: '[{"name":"g","baseUrl":"https://g.example","keySetting":"SQ_KEY_G"}]',
    });
    expect(secrets).toMatchObject({ keyVaultUrl: vault, ttlMs: 60_000 });
    expect(adminKeySetting).toBe('SQ_ADMIN_KEY');
    const names = Object.entries(secrets.settings).map(([setting, value]) => [
      setting,
      value instanceof KeyVaultName ? value.name : null,
    ]);
    expect(Object.fromEntries(names)).toEqual({
      DATABASE_URL: null,
      SQ_ADMIN_KEY: 'first-admin-key',
      SQ_OPENAI_KEY: 'openai',
      SQ_HYPERBOLIC_KEY: null,
      SQ_KEY_G: 'gateway',
    });
    expect(providers.map((provider) => ('keySetting' in provider ? provider.keySetting : null))).toEqual([
      null,
      'SQ_OPENAI_KEY',
      'SQ_HYPERBOLIC_KEY',
      'SQ_KEY_G',
    ]);
  });

  it.each<[Record<string, string>, string]>([
    [{ SQ_OPENAI_KEY: 'keyvault:openai' }, 'SQ_KEY_VAULT_URL'],
    [
      {
        SQ_KEY_G: 'keyvault:g',
        SQ_COMPATIBLE_PROVIDERS: '[{"name":"g","baseUrl":"https://g.example","keySetting":"SQ_KEY_G"}]',
      },
      'SQ_KEY_VAULT_URL',
    ],
    [{ SQ_KEY_VAULT_URL: vault, SQ_OPENAI_KEY: 'keyvault:' }, 'SQ_OPENAI_KEY'],
    [{ SQ_KEY_VAULT_URL: vault, SQ_ADMIN_KEY: 'keyvault:a_b' }, 'SQ_ADMIN_KEY'],
    [
      {
        SQ_KEY_VAULT_URL: vault,
        SQ_KEY_G: 'keyvault:a/b',
        SQ_COMPATIBLE_PROVIDERS: '[{"name":"g","baseUrl":"https://g.example","keySetting":"SQ_KEY_G"}]',
      },
      'SQ_KEY_G',
    ],
    [{ SQ_KEY_VAULT_URL: 'http://v.vault.azure.net' }, 'SQ_KEY_VAULT_URL'],
    [{ SQ_SECRET_TTL_SECONDS: '0' }, 'SQ_SECRET_TTL_SECONDS'],
    [{ DATABASE_URL: 'keyvault:database' }, 'DATABASE_URL'],
  ])('%j does not fit together', (settings, setting) => {
    expect(Object.keys(faultsOf(settings))).toEqual([setting]);
  });
});

describe('the database', () => {
  const entra = (url: string) => ({ SQ_DATABASE_AUTH: 'entra', DATABASE_URL: url });

  it('signs in with a token where the address has no password, over TLS', () => {
    const url = 'postgresql://id-study@p.postgres.database.azure.com:6432/study?sslmode=require';
    const config = load({ ...entra(url), SQ_DATABASE_POOLER: 'pgbouncer', AZURE_CLIENT_ID: clientId });
    expect(config.database).toMatchObject({ auth: 'entra', pooler: 'pgbouncer' });
    expect(config.identity).toEqual({ clientId });
    expect(load({}).database).toMatchObject({ auth: 'password', pooler: 'none' });
  });

  it.each([
    ['postgresql://id:my-password@p.example/study?sslmode=require', /has a password/],
    ['postgresql://id@p.example/study?sslmode=require&password=my-password', /has a password/],
    ['postgresql://p.example/study?sslmode=require', /no user/],
    ['postgresql://id@p.example/study', /sslmode=require/],
    ['postgresql://id@p.example/study?sslmode=no-verify', /sslmode=require/],
    ['postgresql://id@p.example:port/study', /cannot be read/],
  ])('refuses %s with a token', (url, message) => {
    const faults = faultsOf(entra(url));
    expect(faults).toEqual({ DATABASE_URL: expect.stringMatching(message) });
    expect(JSON.stringify(faults)).not.toContain('my-password');
  });

  it('is held to the same where figures are read', () => {
    const url = 'postgresql://id@p.example/study?sslmode=require';
    const replica = 'postgresql://id@replica.example/study';
    expect(Object.keys(faultsOf({ ...entra(url), DATABASE_REPLICA_URL: replica }))).toEqual([
      'DATABASE_REPLICA_URL',
    ]);
    expect(load({ DATABASE_REPLICA_URL: replica }).database.replicaUrl?.reveal()).toBe(replica);
    expect(load({}).database.replicaUrl).toBeNull();
  });

  it('is held to the same under the address for migrations', () => {
    const url = 'postgresql://id@p.example/study?sslmode=require';
    const faults = faultsOf({ ...entra(url), SQ_MIGRATE_URL: 'postgresql://id:my-password@p.example/study' });
    expect(faults).toEqual({ SQ_MIGRATE_URL: expect.stringMatching(/has a password/) });
    expect(faultsOf({ ...entra(url), SQ_MIGRATE_URL: url })).toEqual({});
  });

  it('is all that the migrate step looks at', () => {
    const { database: found, identity } = loadDatabaseConfig({
      ...entra('postgresql://id@localhost/study'),
      AZURE_CLIENT_ID: clientId,
      SQ_OPENAI_KEY: 'keyvault:without-a-vault',
      SQ_UNKNOWN: 'x',
    });
    expect(found.auth).toBe('entra');
    expect(identity.clientId).toBe(clientId);
  });
});

describe('Entra tokens of callers', () => {
  const complete = {
    SQ_ENTRA_AUDIENCE: `${clientId}, api://study`,
    SQ_ENTRA_TENANTS: tenant.toUpperCase(),
    SQ_ENTRA_ROLES: '{"Researcher":["study:read","inference:write"]}',
  };

  it('are accepted when audience, tenants and roles are set', () => {
    expect(load({}).entra).toBeNull();
    expect(load(complete).entra).toEqual({
      audiences: [clientId, 'api://study'],
      tenants: [tenant],
      issuer: null,
      jwksUrl: 'https://login.microsoftonline.com/common/discovery/v2.0/keys',
      groups: null,
      roles: { Researcher: ['study:read', 'inference:write'] },
      signIn: null,
    });
  });

  it('are what the dashboard signs in with where a client id is set', () => {
    const signInWith = (settings: Record<string, string>) =>
      load({ ...complete, SQ_ENTRA_CLIENT_ID: tenant, ...settings }).entra?.signIn;
    expect(signInWith({})).toEqual({
      authority: `https://login.microsoftonline.com/${tenant}`,
      clientId: tenant,
      scope: `${clientId}/.default`,
    });
    expect(signInWith({ SQ_ENTRA_TENANTS: `${tenant},${clientId}` })?.authority).toBe(
      'https://login.microsoftonline.com/organizations',
    );
    const own = {
      SQ_ENTRA_AUTHORITY: 'https://login.microsoftonline.us/t',
      SQ_ENTRA_SCOPE: 'api://study/use',
    };
    expect(signInWith({ SQ_ENTRA_ISSUER: 'https://i.example', ...own })).toEqual({
      authority: own.SQ_ENTRA_AUTHORITY,
      clientId: tenant,
      scope: own.SQ_ENTRA_SCOPE,
    });
  });

  it.each<[Record<string, string>, string[]]>([
    [{ SQ_ENTRA_AUDIENCE: clientId }, ['SQ_ENTRA_ROLES', 'SQ_ENTRA_TENANTS']],
    [{ SQ_ENTRA_TENANTS: tenant }, ['SQ_ENTRA_AUDIENCE', 'SQ_ENTRA_ROLES']],
    [{ SQ_ENTRA_GROUPS: tenant }, ['SQ_ENTRA_AUDIENCE', 'SQ_ENTRA_ROLES', 'SQ_ENTRA_TENANTS']],
    [{ SQ_ENTRA_ISSUER: 'https://i.example', SQ_ENTRA_AUDIENCE: clientId }, ['SQ_ENTRA_ROLES']],
    [{ ...complete, SQ_ENTRA_ROLES: '{}' }, ['SQ_ENTRA_ROLES']],
    [{ ...complete, SQ_ENTRA_ROLES: '{"Researcher":["everything"]}' }, ['SQ_ENTRA_ROLES']],
    [{ ...complete, SQ_ENTRA_TENANTS: 'example.com' }, ['SQ_ENTRA_TENANTS']],
    [{ ...complete, SQ_ENTRA_TENANTS: `${tenant},` }, ['SQ_ENTRA_TENANTS']],
    [{ ...complete, SQ_ENTRA_JWKS_URL: 'http://keys.example/' }, ['SQ_ENTRA_JWKS_URL']],
    [{ SQ_ENTRA_CLIENT_ID: tenant }, ['SQ_ENTRA_AUDIENCE', 'SQ_ENTRA_ROLES', 'SQ_ENTRA_TENANTS']],
    [{ ...complete, SQ_ENTRA_SCOPE: 'api://study/use' }, ['SQ_ENTRA_CLIENT_ID']],
    [
      { ...complete, SQ_ENTRA_CLIENT_ID: tenant, SQ_ENTRA_ISSUER: 'https://i.example' },
      ['SQ_ENTRA_AUTHORITY'],
    ],
    ...['http://localhost/t', 'https://login.example', "https://login.example/t'; script-src *"].map(
      (authority): [Record<string, string>, string[]] => [
        { ...complete, SQ_ENTRA_CLIENT_ID: tenant, SQ_ENTRA_AUTHORITY: authority },
        ['SQ_ENTRA_AUTHORITY'],
      ],
    ),
  ])('%j is not enough', (settings, missing) => {
    expect(Object.keys(faultsOf(settings))).toEqual(missing);
  });

  it('are mapped to the scopes of the contract', () => {
    expect(GrantedScope.options).toEqual(Scope.options);
  });
});

describe('further settings', () => {
  it('Azure OpenAI uses the identity of the app unless it has one of its own', () => {
    const azure = {
      AOAI_ENDPOINT: 'https://a.openai.azure.com',
      AOAI_DEPLOYMENTS: '[{"name":"d","family":"gpt-4o"}]',
    };
    const authOf = (settings: Record<string, string>) =>
      load({ SQ_ECHO: '[]', ...azure, ...settings }).providers.map((each) => 'auth' in each && each.auth);
    expect(authOf({ AZURE_CLIENT_ID: clientId })).toMatchObject([{ clientId }]);
    expect(authOf({ AZURE_CLIENT_ID: clientId, AOAI_CLIENT_ID: tenant })).toMatchObject([
      { clientId: tenant },
    ]);
    expect(authOf({})).toMatchObject([{ clientId: null }]);
  });

  it.each([
    ['https://a.blob.core.windows.net/artifacts', true],
    ['http://127.0.0.1:10000/devstoreaccount1/artifacts', true],
    ['https://a.blob.core.windows.net', false],
    ['https://a.blob.core.windows.net/artifacts?sig=signature', false],
    ['http://a.blob.core.windows.net/artifacts', false],
  ])('a container at %s: %s', (url, good) => {
    const faults = faultsOf({ SQ_ARTIFACTS_URL: url });
    expect(Object.keys(faults)).toEqual(good ? [] : ['SQ_ARTIFACTS_URL']);
    expect(JSON.stringify(faults)).not.toContain('signature');
  });
});
