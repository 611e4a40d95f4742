import type { Price } from '../../src/contract/price.ts';

export type PriceState = 'in force' | 'later' | 'earlier';
export type DatedPrice = { price: Price; state: PriceState };

/** A book that is sorted by date, latest first, in the order of providers and models, each price with what it is now. */
export const datePrices = (book: readonly Price[], now: number): DatedPrice[] => {
  const inForce = new Set<string>();
  return book
    .map((price): DatedPrice => {
      const model = JSON.stringify([price.provider, price.model]);
      if (Date.parse(price.effectiveFrom) > now) return { price, state: 'later' };
      if (inForce.has(model)) return { price, state: 'earlier' };
      inForce.add(model);
      return { price, state: 'in force' };
    })
    .toSorted(
      ({ price: left }, { price: right }) =>
        left.provider.localeCompare(right.provider) || left.model.localeCompare(right.model),
    );
};

/** `*` stands for whatever has no price of its own. */
export const modelWords = (model: string): string => (model === '*' ? 'all other models' : model);
