import type { Price } from '../runs/inference-repository.ts';
import type { DatedPrice } from './price-queries.ts';

/** Prices change a few times a year and are asked for by every call: a minute-old answer saves a statement per run. */
const maxAgeMs = 60_000;
const maxEntries = 1000;

type PriceBookOptions = {
  /** All prices under a name, the latest first. */
  load: (provider: string, model: string) => Promise<readonly DatedPrice[]>;
  now: () => Date;
};

export type PriceBook = { find(provider: string, model: string, at: Date): Promise<Price | null> };

/** Remembers prices for a minute; concurrent callers share one statement. A new price counts everywhere within that time. */
export const createPriceBook = ({ load, now }: PriceBookOptions): PriceBook => {
  const pages = new Map<string, { readAt: number; prices: Promise<readonly DatedPrice[]> }>();

  const pricesOf = (provider: string, model: string): Promise<readonly DatedPrice[]> => {
    const key = `${provider}\n${model}`;
    const known = pages.get(key);
    if (known !== undefined && now().getTime() - known.readAt < maxAgeMs) return known.prices;
    if (pages.size >= maxEntries) pages.clear();
    const page = { readAt: now().getTime(), prices: load(provider, model) };
    pages.set(key, page);
    page.prices.catch(() => {
      if (pages.get(key) === page) pages.delete(key);
    });
    return page.prices;
  };

  return {
    find: async (provider, model, at) => {
      const inForce = (await pricesOf(provider, model)).find(
        ({ effectiveFrom }) => Date.parse(effectiveFrom) <= at.getTime(),
      );
      if (inForce === undefined) return null;
      const { effectiveFrom: _, ...price } = inForce;
      return price;
    },
  };
};
