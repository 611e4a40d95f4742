import { type CommonQueryMethods, sql } from 'slonik';
import { storableJson, storableText, storableTextOrNull } from '../storable.ts';
import { type RowColumn, unnestRows } from '../unnest-rows.ts';
import type { EmbeddingCallSettlement, NewEmbedding, NewEmbeddingCall } from './embedding-repository.ts';

/** More digits than single precision has would only be read. */
const digits = 8;

/** A vector as PostgreSQL reads it. */
export const vectorText = (vector: readonly number[]): string =>
  `[${vector.map((value) => (value === 0 ? '0' : Number(value.toPrecision(digits)))).join()}]`;

const embeddingColumns: readonly RowColumn<NewEmbedding>[] = [
  ['prompt_id', 'int8', ({ promptId }) => promptId],
  ['embedding', 'text', ({ vector }) => vectorText(vector)],
  ['is_truncated', 'bool', ({ isTruncated }) => isTruncated],
];

/** Commits a call as `sending`: whatever dies before it is settled leaves a row that says so. */
export const beginCall = async (connection: CommonQueryMethods, call: NewEmbeddingCall): Promise<void> => {
  await connection.query(sql.unsafe`
    insert into embedding_calls (id, space_id, purpose, provider, model, input_count, started_at, lease_until)
    values (
      ${call.id}, ${call.spaceId}, ${call.purpose}, ${call.provider}, ${storableText(call.model)}, ${call.inputCount},
      ${call.startedAt.toISOString()}, ${call.leaseUntil.toISOString()}
    )
    on conflict (id) do nothing`);
};

/** A late answer settles its call even when that was declared lost meanwhile. */
export const settleCall = async (
  connection: CommonQueryMethods,
  settlement: EmbeddingCallSettlement,
): Promise<void> => {
  await connection.query(sql.unsafe`
    update embedding_calls set
      status = 'settled',
      outcome = ${settlement.outcome},
      settled_at = ${settlement.settledAt.toISOString()},
      latency_ms = ${settlement.latencyMs},
      http_status = ${settlement.httpStatus},
      error = ${storableJson(settlement.error)}::jsonb,
      retry_after_ms = ${settlement.retryAfterMs},
      provider_request_id = ${storableTextOrNull(settlement.providerRequestId)},
      served_model = ${storableTextOrNull(settlement.servedModel)},
      input_tokens = ${settlement.inputTokens},
      cost_usd = ${settlement.costUsd}::numeric,
      price_id = ${settlement.priceId}
    where id = ${settlement.id}`);
};

/** Wants a transaction: a call that is settled as `ok` has its vectors kept. A success lets the model be asked again at once. */
export const storeEmbeddings = async (
  transaction: CommonQueryMethods,
  spaceId: number,
  settlement: EmbeddingCallSettlement,
  embeddings: readonly NewEmbedding[],
): Promise<void> => {
  await settleCall(transaction, settlement);
  await transaction.query(sql.unsafe`
    with given as (
      select * from ${unnestRows(embeddings, embeddingColumns)}
    ), stored as (
      insert into prompt_embeddings (space_id, prompt_id, embedding, is_truncated)
      select ${spaceId}::int4, prompt_id, embedding::vector, is_truncated from given
      on conflict do nothing
    )
    delete from embedding_queue as q using given
    where q.space_id = ${spaceId} and q.prompt_id = given.prompt_id`);
  await transaction.query(sql.unsafe`
    update embedding_spaces set failure_count = 0, blocked_until = null
    where id = ${spaceId} and (failure_count > 0 or blocked_until is not null)`);
};

/** @returns how many */
export const sweepCalls = async (connection: CommonQueryMethods, now: Date): Promise<number> => {
  const { rowCount } = await connection.query(sql.unsafe`
    update embedding_calls set status = 'settled', outcome = 'unknown_outcome', settled_at = ${now.toISOString()}
    where status = 'sending' and lease_until < ${now.toISOString()}`);
  return rowCount;
};
