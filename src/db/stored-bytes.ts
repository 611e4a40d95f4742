import { type FragmentSqlToken, sql } from 'slonik';

/** Texts of a page of a list, about: every row of it is held in memory twice. A page ends with the row that passes it. */
export const maxPageBytes = 32 * 1024 * 1024;

/**
 * How many bytes a value of jsonb has as text, about; 0 for null. Only one that is stored compressed is looked into: it may be a
 * hundred times as long.
 */
export const jsonBytes = (json: FragmentSqlToken): FragmentSqlToken => sql.fragment`
  case
    when pg_column_compression(${json}) is null then coalesce(pg_column_size(${json}), 0)
    else octet_length(${json}::text)
  end`;

/** How many bytes the texts of `inference_runs as r` have, about. Messages are only looked into where they were cut for searching. */
export const runBytes: FragmentSqlToken = sql.fragment`(
  400
  + coalesce(octet_length(r.answer_text), 0)
  + case
    when octet_length(r.prompt_text) < 50000 then octet_length(r.prompt_text)
    else octet_length(r.messages::text)
  end
  + ${jsonBytes(sql.fragment`r.original_messages`)}
  + ${jsonBytes(sql.fragment`r.preprocessing`)}
  + ${jsonBytes(sql.fragment`r.metadata`)}
)`;
