import { type CommonQueryMethods, sql } from 'slonik';
import { Price } from '../../contract/price.ts';
import { AppError } from '../../errors.ts';
import { fromCursor, toPage } from '../cursor.ts';
import { allOf } from '../filter-conditions.ts';
import type { Page, PageRequest } from '../runs/inference-repository.ts';

export type BookedPrice = Price;
export type NewPrice = Omit<Price, 'effectiveFrom'> & { effectiveFrom: Date };

const fields = sql.fragment`
  p.id, p.provider, p.model,
  p.effective_from as "effectiveFrom",
  p.input_per_million as "inputPerMillion",
  p.cached_input_per_million as "cachedInputPerMillion",
  p.output_per_million as "outputPerMillion",
  p.reasoning_per_million as "reasoningPerMillion",
  p.source`;

/** One page, latest first. @throws {AppError} invalid_request for a cursor that is not ours */
export const listPrices = async (
  connection: CommonQueryMethods,
  filter: { provider?: string | undefined; model?: string | undefined },
  page: PageRequest,
): Promise<Page<Price>> => {
  const conditions = [];
  if (filter.provider !== undefined) conditions.push(sql.fragment`p.provider = ${filter.provider}`);
  if (filter.model !== undefined) conditions.push(sql.fragment`p.model = ${filter.model}`);
  if (page.cursor !== undefined) {
    const [from, id] = fromCursor(page.cursor);
    conditions.push(sql.fragment`(p.effective_from, p.id) < (${from}::timestamptz, ${id}::uuid)`);
  }
  const rows = await connection.any(sql.type(Price)`
    select ${fields} from prices as p
    where ${allOf(conditions)}
    order by p.effective_from desc, p.id desc
    limit ${page.limit + 1}`);
  const { data, nextCursor } = toPage(
    rows.map((price) => ({ ...price, createdAt: price.effectiveFrom })),
    page.limit,
  );
  return { data: data.map(({ createdAt: _, ...price }) => price), nextCursor };
};

/**
 * Adds a price. One that begins in the past may only fill a time in which the model had none: nothing that was in force
 * is changed. Two writers at once are told apart by the key of model and date.
 * @throws {AppError} conflict
 */
export const insertPrice = async (
  connection: CommonQueryMethods,
  price: NewPrice,
  now: Date,
): Promise<Price> => {
  const from = price.effectiveFrom.toISOString();
  const inserted = await connection.maybeOne(sql.type(Price)`
    with p as (
      insert into prices (
        id, provider, model, effective_from,
        input_per_million, cached_input_per_million, output_per_million, reasoning_per_million, source
      )
      select ${price.id}::uuid, ${price.provider}, ${price.model}, ${from}::timestamptz,
        ${price.inputPerMillion}::numeric, ${price.cachedInputPerMillion}::numeric,
        ${price.outputPerMillion}::numeric, ${price.reasoningPerMillion}::numeric, ${price.source}
      where ${from}::timestamptz >= ${now.toISOString()}::timestamptz or not exists (
        select 1 from prices as known
        where known.provider = ${price.provider} and known.effective_from <= ${from}::timestamptz
          and (known.model in (${price.model}, '*') or ${price.model} = '*')
      )
      on conflict (provider, model, effective_from) do nothing
      returning *
    )
    select ${fields} from p`);
  if (inserted !== null) return inserted;
  throw new AppError(
    'conflict',
    'A price was in force at that time already, or begins at the same moment; what was in force is never changed.',
  );
};
