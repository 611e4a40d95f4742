import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { Timestamp } from '../../contract/common.ts';
import type { InferenceFailure } from '../../contract/inference.ts';
import type { EmbeddingModel, EmbeddingSpace } from './embedding-repository.ts';

const Row = z.object({
  id: z.number().int(),
  dimensions: z.number().int().nullable(),
  failureCount: z.number().int(),
  blockedUntil: Timestamp.nullable(),
  generation: z.number().int(),
  jobSeenAt: Timestamp.nullable(),
});
const Dimensions = z.object({ dimensions: z.number().int() });
const Found = z.object({ found: z.boolean() });

const dateOf = (text: string | null): Date | null => (text === null ? null : new Date(text));

const isOf = ({ provider, model, requestedDimensions }: EmbeddingModel): FragmentSqlToken => sql.fragment`
  provider = ${provider} and model = ${model} and requested_dimensions is not distinct from ${requestedDimensions}`;

export const findSpace = async (
  connection: CommonQueryMethods,
  model: EmbeddingModel,
): Promise<EmbeddingSpace | null> => {
  const row = await connection.maybeOne(sql.type(Row)`
    select
      id, dimensions, failure_count as "failureCount", blocked_until as "blockedUntil", generation,
      job_seen_at as "jobSeenAt"
    from embedding_spaces
    where ${isOf(model)}`);
  return row && { ...row, blockedUntil: dateOf(row.blockedUntil), jobSeenAt: dateOf(row.jobSeenAt) };
};

/** Wants a connection outside of a transaction: who comes second must see what the first has made. */
export const openSpace = async (
  connection: CommonQueryMethods,
  model: EmbeddingModel,
  now: Date,
): Promise<EmbeddingSpace> => {
  const found = await findSpace(connection, model);
  if (found !== null) return found;
  await connection.query(sql.unsafe`
    insert into embedding_spaces (provider, model, requested_dimensions, dimensions, created_at)
    values (
      ${model.provider}, ${model.model}, ${model.requestedDimensions}, ${model.requestedDimensions},
      ${now.toISOString()}
    )
    on conflict do nothing`);
  const made = await findSpace(connection, model);
  if (made === null) throw new TypeError('an embedding space that was made is gone');
  return made;
};

/** The trigger behind builds the index of the space. */
export const fixDimensions = async (
  connection: CommonQueryMethods,
  spaceId: number,
  dimensions: number,
): Promise<number> => {
  await connection.query(sql.unsafe`
    update embedding_spaces set dimensions = ${dimensions} where id = ${spaceId} and dimensions is null`);
  return connection.oneFirst(sql.type(Dimensions)`
    select dimensions from embedding_spaces where id = ${spaceId}`);
};

export const hasEmbeddings = async (connection: CommonQueryMethods, spaceId: number): Promise<boolean> =>
  connection.oneFirst(sql.type(Found)`
    select exists (select from prompt_embeddings where space_id = ${spaceId}) as found`);

export const blockSpace = async (
  connection: CommonQueryMethods,
  spaceId: number,
  { until, failure, at }: { until: Date; failure: InferenceFailure; at: Date },
): Promise<void> => {
  const last = { code: failure.code, message: failure.message, at: at.toISOString() };
  await connection.query(sql.unsafe`
    update embedding_spaces set
      failure_count = failure_count + 1,
      blocked_until = greatest(blocked_until, ${until.toISOString()}),
      last_failure = ${JSON.stringify(last)}::jsonb
    where id = ${spaceId}`);
};

export const raiseGeneration = async (
  connection: CommonQueryMethods,
  spaceId: number,
  from: number,
): Promise<boolean> => {
  const { rowCount } = await connection.query(sql.unsafe`
    update embedding_spaces set generation = generation + 1 where id = ${spaceId} and generation = ${from}`);
  return rowCount > 0;
};
