import type { InferenceRepository, Price } from '../db/inference-repository.ts';

/** How long a price is kept: a new one counts within a minute. */
const keptMs = 60_000;
/** Model names come from callers and providers, so the number kept is bounded. */
const mostKept = 1000;

export type PriceLookup = (provider: string, models: readonly string[], at: Date) => Promise<Price | null>;

/**
 * Finds the price of a provider's model: the first of `models` (served name, asked name, family) that has one.
 * Answers are kept for a minute, "no price" included, since every inference asks.
 */
export const createPriceLookup = (
  repository: Pick<InferenceRepository, 'findPrice'>,
  now: () => number,
): PriceLookup => {
  const kept = new Map<string, { price: Price | null; until: number }>();
  const find = async (provider: string, model: string, at: Date): Promise<Price | null> => {
    const key = `${provider}\n${model}`;
    const hit = kept.get(key);
    if (hit !== undefined && hit.until > now()) return hit.price;
    const price = await repository.findPrice(provider, model, at);
    kept.delete(key);
    for (const oldest of kept.keys()) {
      if (kept.size < mostKept) break;
      kept.delete(oldest);
    }
    kept.set(key, { price, until: now() + keptMs });
    return price;
  };
  return async (provider, models, at) => {
    for (const model of new Set(models)) {
      const price = await find(provider, model, at);
      if (price !== null) return price;
    }
    return null;
  };
};
