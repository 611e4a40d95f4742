import type { Target } from '../cli/answer-table.ts';
import type { ProviderInfo } from '../src/contract/provider-info.ts';

/** Cheap models that everybody with a key may use, for providers that declare none. */
const usualModels: Partial<Record<ProviderInfo['kind'], string>> = {
  openai: 'gpt-4o-mini',
  hyperbolic: 'meta-llama/Meta-Llama-3.1-8B-Instruct',
  echo: 'echo',
};

/** Two targets to compare: real providers first, filled up with offline ones. */
export function chooseTargets(providers: readonly ProviderInfo[]): Target[] {
  const usable = providers.flatMap((provider) => {
    const model = provider.models?.[0]?.id ?? usualModels[provider.kind];
    return model === undefined ? [] : [{ provider: provider.name, model, isReal: provider.kind !== 'echo' }];
  });
  return usable
    .toSorted((one, other) => Number(other.isReal) - Number(one.isReal))
    .slice(0, 2)
    .map(({ provider, model }) => ({ provider, model }));
}
