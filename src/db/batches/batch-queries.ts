import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { Batch, BatchStatus } from '../../contract/batch.ts';
import { Id, Timestamp } from '../../contract/common.ts';
import { fromCursor, toPage } from '../cursor.ts';
import { allOf } from '../filter-conditions.ts';
import type { Page, PageRequest } from '../runs/inference-repository.ts';
import type { BatchFilter, UnfinishedBatch } from './batch-repository.ts';

/** `batches as b` under the contract's names, with its targets and caps. */
const batchFields: FragmentSqlToken = sql.fragment`
  b.id,
  b.name,
  b.status,
  b.generation,
  (
    select jsonb_agg(
      jsonb_build_object('provider', t.provider, 'model', t.model, 'parameters', t.parameters) order by t.target_index
    )
    from batch_targets as t where t.batch_id = b.id
  ) as "targets",
  b.repetitions,
  b.share_identical as "shareIdentical",
  b.concurrency,
  b.on_unknown as "onUnknown",
  (select cap_usd from budgets where id = b.id) as "maxCostUsd",
  (select cap_tokens from budgets where id = b.id) as "maxTokens",
  b.max_attempts as "maxAttempts",
  b.deadline_ms as "deadlineMs",
  b.metadata,
  b.api_key_id as "apiKeyId",
  b.planned,
  b.created_at as "createdAt",
  b.started_at as "startedAt",
  b.progressed_at as "progressedAt",
  b.finished_at as "finishedAt"`;

export const findBatch = async (connection: CommonQueryMethods, id: string): Promise<Batch | null> =>
  connection.maybeOne(sql.type(Batch)`select ${batchFields} from batches as b where b.id = ${id}`);

const IdempotentRow = z.object({ id: Id, fingerprint: z.string() });

export const findIdempotentBatch = async (
  connection: CommonQueryMethods,
  hash: string,
): Promise<{ id: string; fingerprint: string } | null> =>
  connection.maybeOne(sql.type(IdempotentRow)`
    select id, fingerprint from batches where idempotency_hash = ${hash}`);

/** One page, newest first. @throws {AppError} invalid_request for a cursor that is not ours */
export const listBatches = async (
  connection: CommonQueryMethods,
  filter: BatchFilter,
  page: PageRequest,
): Promise<Page<Batch>> => {
  const conditions: FragmentSqlToken[] = [];
  if (filter.status !== undefined) conditions.push(sql.fragment`b.status = ${filter.status}`);
  if (page.cursor !== undefined) {
    const [createdAt, id] = fromCursor(page.cursor);
    conditions.push(sql.fragment`(b.created_at, b.id) < (${createdAt}::timestamptz, ${id}::uuid)`);
  }
  const rows = await connection.any(sql.type(Batch)`
    select ${batchFields}
    from batches as b
    where ${allOf(conditions)}
    order by b.created_at desc, b.id desc
    limit ${page.limit + 1}`);
  return toPage(rows, page.limit);
};

const UnfinishedRow = z.object({
  id: Id,
  generation: z.number(),
  status: BatchStatus,
  progressedAt: Timestamp,
  inProgress: z.number(),
});

/** Batches whose orchestration should be alive, those without progress for longest first. */
export const listUnfinishedBatches = async (
  connection: CommonQueryMethods,
  now: Date,
  limit: number,
): Promise<UnfinishedBatch[]> => [
  ...(await connection.any(sql.type(UnfinishedRow)`
    select b.id, b.generation, b.status, b.progressed_at as "progressedAt", (
      select count(*) from batch_items as i
      where i.batch_id = b.id and i.state = 'leased' and i.lease_until >= ${now.toISOString()}
    ) as "inProgress"
    from batches as b
    where b.finished_at is null and b.status <> 'paused'
    order by b.progressed_at, b.id
    limit ${limit}`)),
];

/** Compares and sets, so that of several ticks one alone restarts the batch. */
export const raiseGeneration = async (
  connection: CommonQueryMethods,
  id: string,
  from: number,
  now: Date,
): Promise<boolean> => {
  const { rowCount } = await connection.query(sql.unsafe`
    update batches set generation = generation + 1, progressed_at = ${now.toISOString()}
    where id = ${id} and generation = ${from} and finished_at is null`);
  return rowCount > 0;
};

export const pauseBatch = async (connection: CommonQueryMethods, id: string): Promise<Batch | null> => {
  await connection.query(sql.unsafe`
    update batches set status = 'paused' where id = ${id} and status in ('queued', 'running')`);
  return findBatch(connection, id);
};

/** As a generation of its own: the orchestration of a paused batch may have ended. */
export const resumeBatch = async (
  connection: CommonQueryMethods,
  id: string,
  now: Date,
): Promise<Batch | null> => {
  await connection.query(sql.unsafe`
    update batches set
      status = case when started_at is null then 'queued' else 'running' end,
      generation = generation + 1,
      progressed_at = ${now.toISOString()}
    where id = ${id} and status = 'paused'`);
  return findBatch(connection, id);
};
