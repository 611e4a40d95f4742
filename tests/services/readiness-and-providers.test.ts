import { describe, expect, it } from '@jest/globals';
import { ProviderInfo } from '../../src/contract/provider-info.ts';
import { checkReadiness } from '../../src/services/check-readiness.ts';
import { listProviderInfos } from '../../src/services/list-provider-infos.ts';
import { createScriptedProvider } from './support/scripted-provider.ts';

const fine = async () => {};
const failing = () => Promise.reject(new Error('away'));

describe('checkReadiness', () => {
  it.each([
    [fine, async () => true, { database: 'ok', migrations: 'ok' }],
    [fine, async () => false, { database: 'ok', migrations: 'pending' }],
    [fine, failing, { database: 'ok', migrations: 'unknown' }],
    [failing, async () => true, { database: 'failed', migrations: 'unknown' }],
  ])('case %#', async (ping, migrationsApplied, expected) => {
    expect(await checkReadiness({ ping, migrationsApplied })).toEqual(expected);
  });
});

describe('listProviderInfos', () => {
  it('says what is configured and nothing else', () => {
    const declaredModels = [{ id: 'gpt', family: 'gpt-4o', contextTokens: null }];
    const providers = [
      createScriptedProvider({ name: 'one', declaredModels }),
      createScriptedProvider({ name: 'two' }),
    ];
    const withKey = providers.map(
      ({ provider }) => [provider.name, { ...provider, key: 'secret-key' }] as const,
    );
    const infos = listProviderInfos(new Map(withKey));
    expect(infos.map(({ name, models }) => ({ name, models }))).toEqual([
      { name: 'one', models: declaredModels },
      { name: 'two', models: null },
    ]);
    for (const info of infos) expect(ProviderInfo.strict().parse(info)).toEqual(info);
    expect(JSON.stringify(infos)).not.toContain('secret-key');
  });
});
