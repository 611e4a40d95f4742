import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Id, Money, Timestamp } from '../../contract/common.ts';

const DatedPrice = z.object({
  id: Id,
  inputPerMillion: Money,
  cachedInputPerMillion: Money.nullable(),
  outputPerMillion: Money,
  reasoningPerMillion: Money.nullable(),
  effectiveFrom: Timestamp,
});
export type DatedPrice = z.infer<typeof DatedPrice>;

/** Every price of a provider's model, best first: the model's own before the provider's `*`, later before earlier. */
export const pricesOf = async (
  connection: CommonQueryMethods,
  provider: string,
  model: string,
): Promise<readonly DatedPrice[]> =>
  connection.any(sql.type(DatedPrice)`
    select
      id,
      input_per_million as "inputPerMillion",
      cached_input_per_million as "cachedInputPerMillion",
      output_per_million as "outputPerMillion",
      reasoning_per_million as "reasoningPerMillion",
      effective_from as "effectiveFrom"
    from prices
    where provider = ${provider} and model in (${model}, '*')
    order by (model = '*'), effective_from desc`);
