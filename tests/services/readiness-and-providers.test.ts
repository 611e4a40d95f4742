import { describe, expect, it } from '@jest/globals';
import { ProviderConditions, ProviderInfo } from '../../src/contract/provider-info.ts';
import { checkReadiness } from '../../src/services/check-readiness.ts';
import { listProviderConditions } from '../../src/services/list-provider-conditions.ts';
import { listProviderInfos } from '../../src/services/list-provider-infos.ts';
import { fakeStudies } from '../support/fake-studies.ts';
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

describe('listProviderConditions', () => {
  it('tells of each configured provider, also of one that nothing is known of, by the last hour', async () => {
    const asked: unknown[] = [];
    const studies = fakeStudies('');
    const blockedUntil = '2026-01-02T03:05:00.000Z';
    const conditions = await listProviderConditions({
      repository: {
        providerPaces: async () => [
          { provider: 'echo', blockedUntil, paceShare: 0.5 },
          { provider: 'removed', blockedUntil: null, paceShare: 1 },
        ],
      },
      studyService: {
        compare: async (query) => {
          asked.push(query);
          return studies.compare(query);
        },
      },
      providers: ['echo', 'new'],
      now: new Date('2026-01-02T03:04:05Z'),
    });
    expect(asked).toEqual([{ by: 'provider', from: '2026-01-02T02:04:05.000Z' }]);
    expect(ProviderConditions.parse({ data: conditions }).data).toEqual(conditions);
    expect(conditions).toMatchObject([
      { name: 'echo', blockedUntil, paceShare: 0.5, runCount: 1, successRate: { value: 1 } },
      { name: 'new', blockedUntil: null, paceShare: 1, runCount: 0, successRate: null, latencyMs: null },
    ]);
  });
});
