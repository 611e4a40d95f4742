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

/** Every price under a name, later before earlier; `*` is the name of those of all other models. */
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
    where provider = ${provider} and model = ${model}
    order by effective_from desc`);
