import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Attempt, Inference, type InferenceDetail, type InferenceFilter } from '../contract/inference.ts';
import { fromCursor, toPage } from './cursor.ts';
import { allOf, filterConditions } from './filter-conditions.ts';
import { attemptFields, inferenceFields } from './inference-fields.ts';
import type { Page, PageRequest } from './inference-repository.ts';

const InferenceWithAnswer = Inference.extend({ rawAnswer: z.unknown() });
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

/** One page, newest first. @throws {AppError} invalid_request for a cursor that is not ours */
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
  const rows = await connection.any(sql.type(Inference)`
    select ${inferenceFields}
    from inference_runs as r
    where ${allOf(conditions)}
    order by r.created_at desc, r.id desc
    limit ${page.limit + 1}`);
  return toPage(rows, page.limit);
};

export const countInferences = async (
  connection: CommonQueryMethods,
  filter: InferenceFilter,
): Promise<number> =>
  connection.oneFirst(sql.type(Count)`
    select count(*) as count from inference_runs as r where ${allOf(filterConditions(filter))}`);
