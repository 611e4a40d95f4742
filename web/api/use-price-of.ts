import type { Price } from '../../src/contract/price.ts';
import { usePrices } from './use-prices.ts';
import { useHasScope } from './use-session.ts';

/**
 * The price of a model at this moment, or that of all models of its provider; null: none is known here. Only for estimates: what
 * a run has cost, the server says.
 */
export const usePriceOf = ({ provider, model }: { provider: string; model: string }): Price | null => {
  const mayRead = useHasScope('study:read');
  const { data = [] } = usePrices(mayRead);
  // The book has the latest first.
  const inForce = data.filter(
    (price) => price.provider === provider && Date.parse(price.effectiveFrom) <= Date.now(),
  );
  const priceFor = (name: string) => inForce.find((price) => price.model === name);
  return priceFor(model) ?? priceFor('*') ?? null;
};
