import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/config-error.ts';

const load = (settings: Record<string, string>) =>
  loadConfig({ DATABASE_URL: 'postgres://me@localhost/db', ...settings }).telemetry;

const faultsOf = (settings: Record<string, string>): Record<string, string> => {
  try {
    load(settings);
  } catch (error) {
    if (error instanceof ConfigError)
      return Object.fromEntries(error.faults.map(({ setting, message }) => [setting, message]));
    throw error;
  }
  throw new Error('the configuration was taken');
};

const pair = { LANGFUSE_PUBLIC_KEY: 'pk-lf-1', LANGFUSE_SECRET_KEY: 'sk-lf-1' };
const connection = {
  APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=1;IngestionEndpoint=https://x',
};

describe('settings of telemetry', () => {
  it('switch nothing on by themselves', () => {
    expect(load({ LANGFUSE_BASE_URL: 'https://langfuse.example', LANGFUSE_PROJECT_ID: 'p' })).toEqual({
      langfuse: null,
      applicationInsights: null,
      content: 'full',
      flushMs: 3000,
    });
  });

  it('name the settings that hold keys, and take an address with a slash at its end', () => {
    expect(load({ ...pair, LANGFUSE_BASE_URL: 'https://langfuse.example/' }).langfuse).toEqual({
      baseUrl: 'https://langfuse.example',
      publicKeySetting: 'LANGFUSE_PUBLIC_KEY',
      secretKeySetting: 'LANGFUSE_SECRET_KEY',
      projectId: null,
    });
  });

  it.each<[string | undefined, unknown]>([
    [undefined, null],
    ['Authorization=AAD', { clientId: null }],
    [
      'Authorization=AAD;ClientId=0198c0de-0000-4000-8000-000000000001',
      { clientId: '0198c0de-0000-4000-8000-000000000001' },
    ],
    [
      'ClientId=0198c0de-0000-4000-8000-000000000001;Authorization=AAD',
      { clientId: '0198c0de-0000-4000-8000-000000000001' },
    ],
  ])('sign in to Application Insights by %s', (authentication, entra) => {
    const more: Record<string, string> = authentication
      ? { APPLICATIONINSIGHTS_AUTHENTICATION_STRING: authentication }
      : {};
    expect(load({ ...connection, ...more }).applicationInsights?.entra).toEqual(entra);
  });

  it.each<[Record<string, string>, string]>([
    [{ LANGFUSE_PUBLIC_KEY: 'pk-lf-1' }, 'LANGFUSE_SECRET_KEY'],
    [{ LANGFUSE_SECRET_KEY: 'sk-lf-1' }, 'LANGFUSE_PUBLIC_KEY'],
    [{ APPLICATIONINSIGHTS_CONNECTION_STRING: 'https://somewhere' }, 'APPLICATIONINSIGHTS_CONNECTION_STRING'],
    [
      { ...connection, APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=key' },
      'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
    ],
    [{ ...pair, LANGFUSE_PROJECT_ID: 'a/../b' }, 'LANGFUSE_PROJECT_ID'],
    [{ SQ_TRACE_CONTENT: 'some' }, 'SQ_TRACE_CONTENT'],
    [{ SQ_TRACE_FLUSH_MS: '60000' }, 'SQ_TRACE_FLUSH_MS'],
  ])('refuses %j', (settings, setting) => {
    const faults = faultsOf(settings);
    expect(Object.keys(faults)).toEqual([setting]);
    expect(JSON.stringify(faults)).not.toContain('sk-lf-1');
  });
});
