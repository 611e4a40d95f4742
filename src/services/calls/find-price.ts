import type { InferenceRepository, Price } from '../../db/runs/inference-repository.ts';
import type { Target } from './resolve-target.ts';

/** The price of the first name that has one; the repository answers from memory for a minute. */
export type FindPrice = (provider: string, models: readonly string[], at: Date) => Promise<Price | null>;

/** A model goes by several names, the most exact first: served, asked for (a deployment, say), family. */
export const createFindPrice =
  (repository: Pick<InferenceRepository, 'findPrice'>): FindPrice =>
  async (provider, models, at) => {
    for (const model of new Set(models)) {
      const price = await repository.findPrice(provider, model, at);
      if (price !== null) return price;
    }
    return null;
  };

/** The names of a model before anything has answered. */
export const priceNames = (model: string, target: Pick<Target, 'model'>): string[] =>
  [model, target.model?.family].filter((name) => typeof name === 'string');
