import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { describeSettings } from '../../src/config/describe-settings.ts';

const database = 'postgres://me:database-password@localhost/db';

const faultsOf = (environment: Record<string, string>): Record<string, string> => {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError)
      return Object.fromEntries(error.faults.map(({ setting, message }) => [setting, message]));
    throw error;
  }
  throw new Error('the configuration was taken');
};

describe('loadConfig', () => {
  it('needs a database only, and has the offline provider then', () => {
    const config = loadConfig({ DATABASE_URL: database });
    expect(config.providers).toEqual([{ kind: 'echo', name: 'echo' }]);
    expect(config.adminKeySetting).toBeNull();
  });

  it('has a model that embeds: the offline one, none, or one of a provider that can', () => {
    const embedding = (settings: Record<string, string>) =>
      loadConfig({ DATABASE_URL: database, ...settings }).embedding;
    expect(embedding({})).toEqual({ provider: 'echo', model: 'echo-embedding', dimensions: null });
    expect(embedding({ SQ_ECHO: '[]' })).toBeNull();
    expect(embedding({ SQ_EMBEDDING: 'none' })).toBeNull();
    expect(
      embedding({
        SQ_COMPATIBLE_PROVIDERS:
          '[{"name":"own","baseUrl":"http://localhost:1","models":[{"id":"org/embed"}],"capabilities":{"embed":true}}]',
        SQ_EMBEDDING: 'own/org/embed',
        SQ_EMBEDDING_DIMENSIONS: '512',
      }),
    ).toEqual({ provider: 'own', model: 'org/embed', dimensions: 512 });
    const faults = (settings: Record<string, string>) => faultsOf({ DATABASE_URL: database, ...settings });
    expect(faults({ SQ_EMBEDDING: 'openai/x' }).SQ_EMBEDDING).toMatch(
      /openai, which is no provider that embeds/,
    );
    expect(faults({ SQ_HYPERBOLIC_KEY: 'k', SQ_EMBEDDING: 'hyperbolic/x' })).toHaveProperty('SQ_EMBEDDING');
    expect(faults({ SQ_EMBEDDING: 'echo' }).SQ_EMBEDDING).toBe('must be none, or provider/model');
    expect(faults({ SQ_EMBEDDING_DIMENSIONS: '4001' })).toHaveProperty('SQ_EMBEDDING_DIMENSIONS');
    const azure = {
      AOAI_ENDPOINT: 'https://a.openai.azure.com',
      AOAI_DEPLOYMENTS: '[{"name":"e","family":"f"}]',
    };
    expect(faults({ ...azure, SQ_EMBEDDING: 'azure/f' }).SQ_EMBEDDING).toMatch(/does not declare/);
  });

  it('names every faulty setting in one error, and shows no value', () => {
    const faults = faultsOf({
      SQ_MAX_INPUT_TOKENS: 'many-tokens',
      SQ_ECHO: '{"name":',
      SQ_OPENAI_KYE: 'misspelt-secret',
      SQ_COMPATIBLE_PROVIDERS: '[{"name":"groq","baseUrl":"http://example.com"}]',
    });
    expect(Object.keys(faults).sort()).toEqual([
      'DATABASE_URL',
      'SQ_COMPATIBLE_PROVIDERS',
      'SQ_ECHO',
      'SQ_MAX_INPUT_TOKENS',
      'SQ_OPENAI_KYE',
    ]);
    expect(faults.DATABASE_URL).toBe('is missing');
    expect(faults.SQ_MAX_INPUT_TOKENS).not.toBe('is missing');
    expect(JSON.stringify(faults)).not.toContain('misspelt-secret');
  });

  it.each(['SQ_OPENAI_KEY', 'SQ_KEY_GROQ', 'DATABASE_URL', 'AOAI_KEY'])(
    'refuses an unresolved Key Vault reference in %s',
    (setting) => {
      const reference = '@Microsoft.KeyVault(SecretUri=https://x.vault.azure.net/secrets/k)';
      expect(faultsOf({ DATABASE_URL: database, [setting]: reference })[setting]).toMatch(
        /Key Vault reference/,
      );
    },
  );

  it.each<[Record<string, string>, string]>([
    [{ AOAI_ENDPOINT: 'https://a.openai.azure.com' }, 'AOAI_DEPLOYMENTS'],
    [{ AOAI_KEY: 'k' }, 'AOAI_ENDPOINT'],
    [
      {
        AOAI_ENDPOINT: 'https://a.openai.azure.com',
        AOAI_DEPLOYMENTS: '[{"name":"d","family":"gpt-4o"}]',
        AOAI_AUTH: 'key',
      },
      'AOAI_KEY',
    ],
    [{ SQ_DEFAULT_MAX_OUTPUT_TOKENS: '100', SQ_MAX_OUTPUT_TOKENS: '10' }, 'SQ_DEFAULT_MAX_OUTPUT_TOKENS'],
    [{ SQ_ECHO: '[{"name":"openai"}]' }, 'SQ_ECHO'],
    [
      { SQ_COMPATIBLE_PROVIDERS: '[{"name":"g","baseUrl":"https://g.example","keySetting":"SQ_KEY_G"}]' },
      'SQ_KEY_G',
    ],
  ])('refuses what does not fit together: %j', (settings, setting) => {
    expect(Object.keys(faultsOf({ DATABASE_URL: database, ...settings }))).toEqual([setting]);
  });

  it.each<[Record<string, string>, string]>([
    [
      { AOAI_ENDPOINT: 'my-secret-resource', AOAI_DEPLOYMENTS: '[{"name":"d","family":"gpt-4o"}]' },
      'AOAI_ENDPOINT',
    ],
    [{ SQ_OPENAI_BASE_URL: 'my-secret-resource' }, 'SQ_OPENAI_BASE_URL'],
    [{ SQ_COMPATIBLE_PROVIDERS: '[{"name":"g","baseUrl":"my-secret-resource"}]' }, 'SQ_COMPATIBLE_PROVIDERS'],
  ])('refuses what is no address, without showing it: %j', (settings, setting) => {
    const faults = faultsOf({ DATABASE_URL: database, ...settings });
    expect(Object.keys(faults)).toEqual([setting]);
    expect(faults[setting]).toMatch(/Invalid URL$/);
  });

  it('passes over the address and the key that callers keep in their shell', () => {
    const ofCaller = { SQ_URL: 'http://127.0.0.1:7071', SQ_KEY: 'sq_own' };
    expect(() => loadConfig({ DATABASE_URL: database, ...ofCaller })).not.toThrow();
  });

  it('never reads the variables that SDKs read by themselves', () => {
    const config = loadConfig({
      DATABASE_URL: database,
      OPENAI_API_KEY: 'x',
      AZURE_OPENAI_API_KEY: 'x',
      OPENAI_BASE_URL: 'https://x.example',
    });
    expect(config.providers.map(({ kind }) => kind)).toEqual(['echo']);
  });

  it('shows no secret when printed, serialised or interpolated, and is frozen', () => {
    const config = loadConfig({
      DATABASE_URL: database,
      SQ_OPENAI_KEY: 'openai-secret',
      SQ_KEY_G: 'compatible-secret',
      SQ_COMPATIBLE_PROVIDERS: '[{"name":"g","baseUrl":"https://g.example","keySetting":"SQ_KEY_G"}]',
    });
    const shown = [
      JSON.stringify(config),
      inspect(config, { depth: 10, showHidden: true }),
      `${config.database.url}`,
      inspect(Object.entries(config), { depth: 10 }),
    ].join();
    for (const secret of ['database-password', 'openai-secret', 'compatible-secret'])
      expect(shown).not.toContain(secret);
    expect(config.database.url.reveal()).toBe(database);
    expect(() => Object.assign(config.limits, { maxInputTokens: 1 })).toThrow(TypeError);
  });

  it('has an absolute folder for large files', () => {
    const folderOf = (given: Record<string, string>) =>
      loadConfig({ DATABASE_URL: database, ...given }).artifactsDir;
    expect(folderOf({})).toBe(join(tmpdir(), 'study-query-llm'));
    expect(folderOf({ SQ_ARTIFACTS_DIR: 'some/folder' })).toBe(resolve('some/folder'));
  });

  it('describes every setting for the documentation', () => {
    expect(describeSettings().filter(({ required }) => required)).toEqual([
      expect.objectContaining({ name: 'DATABASE_URL', secret: true }),
    ]);
  });
});
