import { useQuery } from '@tanstack/react-query';
import { type Price, PricePage } from '../../src/contract/price.ts';
import { getJson } from './http-client.ts';
import { useHasScope } from './use-session.ts';

/**
 * The price of a model at this moment, or that of all models of its provider; null: none is known here. Only for estimates: what
 * a run has cost, the server says.
 */
export const usePriceOf = ({ provider, model }: { provider: string; model: string }): Price | null => {
  const mayRead = useHasScope('study:read');
  const { data } = useQuery({
    queryKey: ['prices-of', provider],
    queryFn: ({ signal }) => getJson(PricePage, '/api/v1/prices', { provider, limit: 200 }, signal),
    staleTime: 300_000,
    enabled: mayRead && provider !== '',
  });
  // The list has the latest first.
  const inForce = data?.data.filter(({ effectiveFrom }) => Date.parse(effectiveFrom) <= Date.now()) ?? [];
  const priceFor = (name: string) => inForce.find((price) => price.model === name);
  return priceFor(model) ?? priceFor('*') ?? null;
};
