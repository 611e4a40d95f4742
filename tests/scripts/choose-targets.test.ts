import { describe, expect, it } from '@jest/globals';
import { chooseTargets } from '../../scripts/choose-targets.ts';
import type { ProviderInfo } from '../../src/contract/provider-info.ts';

describe('chooseTargets', () => {
  const provider = (name: string, kind: ProviderInfo['kind'], model?: string): ProviderInfo => ({
    name,
    kind,
    models: model === undefined ? null : [{ id: model, family: null, contextTokens: null }],
    capabilities: { stream: true, embed: false, listModels: true, logprobs: false, seed: false },
  });

  it('takes real providers before offline ones, and a declared model before the usual one', () => {
    const all = [
      provider('echo', 'echo'),
      provider('openai', 'openai'),
      provider('azure', 'azure', 'my-deployment'),
    ];
    expect(chooseTargets(all)).toEqual([
      { provider: 'openai', model: 'gpt-4o-mini' },
      { provider: 'azure', model: 'my-deployment' },
    ]);
    expect(chooseTargets(all.slice(0, 2)).map(({ provider }) => provider)).toEqual(['openai', 'echo']);
  });

  it('leaves out a provider of which no model is known', () => {
    expect(chooseTargets([provider('own', 'compatible')])).toEqual([]);
  });
});
