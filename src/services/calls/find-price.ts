import type { InferenceRepository, Price } from '../../db/runs/inference-repository.ts';
import type { Target } from './resolve-target.ts';

/** The price of the first name that has one of its own, or else that of all other models of the provider. */
export type FindPrice = (provider: string, models: readonly string[], at: Date) => Promise<Price | null>;

/** The family of a deployment whose name hides it; null: unknown. */
export type FamilyOf = (provider: string, model: string) => string | null;

/** Stands in the book for every model without a price of its own. */
const anyModel = '*';

/** A model goes by several names, the most exact first: served, asked for (a deployment, say), family. */
export const createFindPrice =
  (repository: Pick<InferenceRepository, 'findPrice'>): FindPrice =>
  async (provider, models, at) => {
    for (const model of new Set([...models, anyModel])) {
      const price = await repository.findPrice(provider, model, at);
      if (price !== null) return price;
    }
    return null;
  };

/** The names of a model before anything has answered. */
export const priceNames = (model: string, target: Pick<Target, 'model'>): string[] =>
  [model, target.model?.family].filter((name) => typeof name === 'string');
