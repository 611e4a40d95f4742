import { type FragmentSqlToken, sql } from 'slonik';
import type { InferenceFilter } from '../contract/inference.ts';

/** Escapes what LIKE gives a meaning to, so that the text stands for itself, anywhere in the other. */
export const containsPattern = (text: string): string => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;

/**
 * Words of prompt or answer by full text, parts of words in the prompt's first 2,000 characters by trigrams. Each arm repeats
 * the condition of its partial index, without which the planner may not use it; runs that are still being sent are few.
 */
const textCondition = (text: string): FragmentSqlToken => {
  const pattern = containsPattern(text);
  return sql.fragment`(
    (r.status = 'settled' and r.search_vector @@ plainto_tsquery('simple', ${text}))
    or (r.status = 'settled' and left(r.prompt_text, 2000) ilike ${pattern})
    or (r.status = 'sending' and r.prompt_text ilike ${pattern})
  )`;
};

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** The values that `text` may stand for: itself, and the number, boolean or null it reads like. */
const metadataValues = (text: string): unknown[] => {
  if (text === 'true' || text === 'false') return [text, text === 'true'];
  if (text === 'null') return [text, null];
  const number = Number(text);
  return jsonNumber.test(text) && Number.isFinite(number) ? [text, number] : [text];
};

const metadataCondition = (entry: string): FragmentSqlToken => {
  const colon = entry.indexOf(':');
  const key = entry.slice(0, colon);
  const forms = metadataValues(entry.slice(colon + 1)).map(
    (value) => sql.fragment`r.metadata @> ${JSON.stringify({ [key]: value })}::jsonb`,
  );
  return sql.fragment`(r.metadata <> '{}' and (${sql.join(forms, sql.fragment` or `)}))`;
};

/** The filter as conditions on `inference_runs as r`; `from` is inclusive, `to` is not, so that ranges can stand side by side. */
export const filterConditions = (filter: InferenceFilter): FragmentSqlToken[] => {
  const conditions: FragmentSqlToken[] = [];
  if (filter.provider !== undefined) conditions.push(sql.fragment`r.provider = ${filter.provider}`);
  if (filter.model !== undefined) conditions.push(sql.fragment`r.model = ${filter.model}`);
  if (filter.outcome !== undefined) conditions.push(sql.fragment`r.outcome = ${filter.outcome}`);
  if (filter.status !== undefined) conditions.push(sql.fragment`r.status = ${filter.status}`);
  if (filter.batchId !== undefined) conditions.push(sql.fragment`r.batch_id = ${filter.batchId}`);
  if (filter.from !== undefined) conditions.push(sql.fragment`r.created_at >= ${filter.from}`);
  if (filter.to !== undefined) conditions.push(sql.fragment`r.created_at < ${filter.to}`);
  if (filter.text !== undefined) conditions.push(textCondition(filter.text));
  if (filter.metadata !== undefined) conditions.push(metadataCondition(filter.metadata));
  return conditions;
};

/** The conditions as one boolean expression; true when there are none. */
export const allOf = (conditions: readonly FragmentSqlToken[]): FragmentSqlToken =>
  conditions.length === 0 ? sql.fragment`true` : sql.fragment`${sql.join(conditions, sql.fragment` and `)}`;
