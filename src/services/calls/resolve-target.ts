import { AppError } from '../../errors.ts';
import type { ModelInfo, Provider } from '../../providers/provider.ts';

/** How many names a fault lists. */
const mostNames = 50;

export type Target = {
  provider: Provider;
  /** What the configuration declares of the model; null where any name may be asked for. */
  model: ModelInfo | null;
};

/** Finds provider and model. @throws {AppError} invalid_request that lists what is configured */
export const resolveTarget = (
  providers: ReadonlyMap<string, Provider>,
  providerName: string,
  modelName: string,
): Target => {
  const provider = providers.get(providerName);
  if (provider === undefined) {
    throw unknown('/provider', `no provider "${providerName}" is configured`, [...providers.keys()]);
  }
  if (provider.declaredModels === null) return { provider, model: null };
  const model = provider.declaredModels.find(({ id }) => id === modelName);
  if (model === undefined) {
    const names = provider.declaredModels.map(({ id }) => id);
    throw unknown('/model', `provider "${providerName}" has no model "${modelName}"`, names);
  }
  return { provider, model };
};

const unknown = (pointer: string, what: string, names: readonly string[]): AppError => {
  const listed = names.length > mostNames ? [...names.slice(0, mostNames), '…'] : names;
  const message = `${what}; configured: ${listed.join(', ') || 'none'}`;
  return new AppError('invalid_request', `Unknown target: ${message}.`, { faults: [{ pointer, message }] });
};
