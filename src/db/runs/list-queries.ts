import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Attempt, Inference, type InferenceDetail, type InferenceFilter } from '../../contract/inference.ts';
import { fromCursor, nextCursorOf } from '../cursor.ts';
import { allOf, filterConditions } from '../filter-conditions.ts';
import { maxPageBytes, runBytes } from '../stored-bytes.ts';
import { attemptFields, inferenceFields } from './inference-fields.ts';
import type { Page, PageRequest } from './inference-repository.ts';

const InferenceWithAnswer = Inference.extend({ rawAnswer: z.unknown() });
const ListedInference = Inference.extend({ hasNext: z.boolean() });
const Count = z.object({ count: z.number() });

/** A run with its attempts and the last attempt's raw answer. */
export const findInference = async (
  connection: CommonQueryMethods,
  id: string,
): Promise<InferenceDetail | null> => {
  const run = await connection.maybeOne(sql.type(InferenceWithAnswer)`
    select ${inferenceFields}, (
      select a.raw from inference_attempts as a where a.run_id = r.id order by a.attempt_number desc limit 1
    ) as "rawAnswer"
    from inference_runs as r
    where r.id = ${id}`);
  if (run === null) return null;
  const attempts = await connection.any(sql.type(Attempt)`
    select ${attemptFields}
    from inference_attempts as a
    where a.run_id = ${id}
    order by a.attempt_number`);
  return { ...run, attempts: [...attempts] };
};

/** One page, newest first; it ends early when its texts are very long. @throws {AppError} invalid_request for a cursor that is not ours */
export const listInferences = async (
  connection: CommonQueryMethods,
  filter: InferenceFilter,
  page: PageRequest,
): Promise<Page<Inference>> => {
  const conditions = filterConditions(filter);
  if (page.cursor !== undefined) {
    const [createdAt, id] = fromCursor(page.cursor);
    conditions.push(sql.fragment`(r.created_at, r.id) < (${createdAt}::timestamptz, ${id}::uuid)`);
  }
  const rows = await connection.any(sql.type(ListedInference)`
    with candidate as (
      select r.id, r.created_at,
        lead(r.id) over newest is not null as "hasNext",
        sum(${runBytes}) over (newest rows between unbounded preceding and 1 preceding) as bytes_before
      from inference_runs as r
      where ${allOf(conditions)}
      window newest as (order by r.created_at desc, r.id desc)
      order by r.created_at desc, r.id desc
      limit ${page.limit}
    )
    select ${inferenceFields}, candidate."hasNext"
    from candidate
    join inference_runs as r on r.id = candidate.id
    where candidate.bytes_before is null or candidate.bytes_before < ${maxPageBytes}
    order by candidate.created_at desc, candidate.id desc`);
  return { data: rows.map(({ hasNext, ...row }) => row), nextCursor: nextCursorOf(rows) };
};

export const countInferences = async (
  connection: CommonQueryMethods,
  filter: InferenceFilter,
): Promise<number> =>
  connection.oneFirst(sql.type(Count)`
    select count(*) as count from inference_runs as r where ${allOf(filterConditions(filter))}`);
