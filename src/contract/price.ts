import { z } from 'zod';
import { Id, ModelName, PageQuery, ProviderName, pageOf, StorableText, Timestamp } from './common.ts';

const PerMillion = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,12})?$/, 'write it as a decimal string, such as "2.50"')
  .describe('USD for one million tokens');

export const Price = z
  .object({
    id: Id,
    provider: z.string(),
    /** `*`: every model of the provider without a price of its own. */
    model: z.string(),
    effectiveFrom: Timestamp,
    inputPerMillion: z.string(),
    /** null: no separate price is known; such tokens cost what other input costs. */
    cachedInputPerMillion: z.string().nullable(),
    outputPerMillion: z.string(),
    reasoningPerMillion: z.string().nullable(),
    source: z.string(),
  })
  .meta({ id: 'Price', description: 'USD for one million tokens of a model, from a date on.' });
export type Price = z.infer<typeof Price>;

export const PricePage = pageOf(Price).meta({ id: 'PricePage' });
export type PricePage = z.infer<typeof PricePage>;

export const CreatePrice = z
  .strictObject({
    provider: ProviderName,
    model: ModelName,
    effectiveFrom: Timestamp,
    inputPerMillion: PerMillion,
    cachedInputPerMillion: PerMillion.nullable().default(null),
    outputPerMillion: PerMillion,
    reasoningPerMillion: PerMillion.nullable().default(null),
    /** Where it was read. */
    source: StorableText.min(1).max(500).default('api'),
  })
  .meta({ id: 'CreatePrice' });
export type CreatePrice = z.infer<typeof CreatePrice>;

export const ListPricesQuery = z.strictObject({
  provider: ProviderName.optional(),
  model: ModelName.optional(),
  ...PageQuery,
});
export type ListPricesQuery = z.infer<typeof ListPricesQuery>;
