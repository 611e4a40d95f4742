import { type FragmentSqlToken, sql } from 'slonik';
import { booleanCell, type CsvColumn, jsonCell, plainCell, textCell, utc } from './csv-cells.ts';

const f = sql.fragment;

const usageColumns = (alias: FragmentSqlToken): CsvColumn[] => [
  ['input_tokens', plainCell(f`${alias}.input_tokens`)],
  ['cached_input_tokens', plainCell(f`${alias}.cached_input_tokens`)],
  ['output_tokens', plainCell(f`${alias}.output_tokens`)],
  ['reasoning_tokens', plainCell(f`${alias}.reasoning_tokens`)],
  ['usage_estimated', booleanCell(f`${alias}.usage_estimated`)],
];

const errorColumns = (alias: FragmentSqlToken): CsvColumn[] => [
  ['error_code', textCell(f`(${alias}.error ->> 'code')`)],
  ['error_message', textCell(f`(${alias}.error ->> 'message')`)],
  ['error_retryable', plainCell(f`(${alias}.error ->> 'retryable')`)],
];

/**
 * The conversation in columns; as JSON only where it is more than instructions and one question. `w` works them out: a cell names its
 * text several times, and each time would look into the JSON again.
 */
const messageColumns: CsvColumn[] = [
  ['system_prompt', textCell(f`w.system_prompt`)],
  ['prompt', textCell(f`w.prompt`)],
  ['messages', jsonCell(f`w.more`)],
];

/** What `messageColumns` are made of, as a row beside each row with `messages`. */
export const messageParts = (messages: FragmentSqlToken): FragmentSqlToken => f`(
  select
    case when s.is_system then s.first ->> 'content' end as system_prompt,
    case when s.is_user then s.last ->> 'content' end as prompt,
    case
      when s.is_user and (s.length = 1 or (s.length = 2 and s.is_system)) then null
      else ${messages}
    end as more
  from (
    select
      e.*,
      e.first ->> 'role' = 'system' as is_system,
      e.last ->> 'role' = 'user' as is_user
    from (
      select
        ${messages} -> 0 as first, ${messages} -> -1 as last, jsonb_array_length(${messages}) as length
      offset 0
    ) as e
    offset 0
  ) as s
  offset 0
)`;

const parameterColumns: CsvColumn[] = [
  ['temperature', plainCell(f`(r.parameters ->> 'temperature')`)],
  ['top_p', plainCell(f`(r.parameters ->> 'topP')`)],
  ['max_output_tokens', plainCell(f`(r.parameters ->> 'maxOutputTokens')`)],
  ['stop', jsonCell(f`(r.parameters -> 'stop')`)],
  ['seed', plainCell(f`(r.parameters ->> 'seed')`)],
  ['presence_penalty', plainCell(f`(r.parameters ->> 'presencePenalty')`)],
  ['frequency_penalty', plainCell(f`(r.parameters ->> 'frequencyPenalty')`)],
  ['reasoning_effort', plainCell(f`(r.parameters ->> 'reasoningEffort')`)],
  ['logprobs', plainCell(f`(r.parameters ->> 'logprobs')`)],
  ['top_logprobs', plainCell(f`(r.parameters ->> 'topLogprobs')`)],
  ['response_format', plainCell(f`(r.parameters -> 'responseFormat' ->> 'type')`)],
];

/** Columns of `inference_runs as r`. */
export const runColumns: readonly CsvColumn[] = [
  ['id', plainCell(f`r.id`)],
  ['created_at', utc(f`r.created_at`)],
  ['settled_at', utc(f`r.settled_at`)],
  ['status', plainCell(f`r.status`)],
  ['outcome', plainCell(f`r.outcome`)],
  ['detail', textCell(f`r.detail`)],
  ['provider', plainCell(f`r.provider`)],
  ['model', textCell(f`r.model`)],
  ['served_model', textCell(f`r.served_model`)],
  ...messageColumns,
  ['original_messages', jsonCell(f`r.original_messages`)],
  ['text', textCell(f`r.answer_text`)],
  ['finish_reason', textCell(f`r.finish_reason`)],
  ...usageColumns(f`r`),
  ['cost_usd', plainCell(f`r.cost_usd`)],
  ['price_id', plainCell(f`r.price_id`)],
  ['latency_ms', plainCell(f`r.latency_ms`)],
  ['first_token_ms', plainCell(f`r.first_token_ms`)],
  ['attempt_count', plainCell(f`r.attempt_count`)],
  ...errorColumns(f`r`),
  ...parameterColumns,
  ['omitted_parameters', jsonCell(f`r.omitted_parameters`)],
  ['preprocessing', jsonCell(f`r.preprocessing`)],
  ['metadata', jsonCell(f`r.metadata`)],
  ['content_filter', jsonCell(f`r.content_filter`)],
  ['batch_id', plainCell(f`r.batch_id`)],
  ['request_id', textCell(f`r.request_id`)],
  ['trace_id', plainCell(f`r.trace_id`)],
  ['provider_request_id', textCell(f`r.provider_request_id`)],
  ['system_fingerprint', textCell(f`r.system_fingerprint`)],
];

/** Columns of `inference_attempts as a` with those of their run that tell them apart. */
export const attemptColumns: readonly CsvColumn[] = [
  ['id', plainCell(f`a.id`)],
  ['inference_id', plainCell(f`a.run_id`)],
  ['attempt_number', plainCell(f`a.attempt_number`)],
  ['provider', plainCell(f`r.provider`)],
  ['model', textCell(f`r.model`)],
  ['batch_id', plainCell(f`r.batch_id`)],
  ['status', plainCell(f`a.status`)],
  ['outcome', plainCell(f`a.outcome`)],
  ['started_at', utc(f`a.started_at`)],
  ['settled_at', utc(f`a.settled_at`)],
  ['latency_ms', plainCell(f`a.latency_ms`)],
  ['first_token_ms', plainCell(f`a.first_token_ms`)],
  ['http_status', plainCell(f`a.http_status`)],
  ...errorColumns(f`a`),
  ['retry_after_ms', plainCell(f`a.retry_after_ms`)],
  ['provider_request_id', textCell(f`a.provider_request_id`)],
  ['served_model', textCell(f`a.served_model`)],
  ...usageColumns(f`a`),
  ['cost_usd', plainCell(f`a.cost_usd`)],
  ['rate_limit', jsonCell(f`a.rate_limit`)],
];

/** Columns of a settled item `i` with its target `t`, question `q` and run `r`. */
export const resultColumns: readonly CsvColumn[] = [
  ['batch_id', plainCell(f`i.batch_id`)],
  ['position', plainCell(f`i.position`)],
  ['item_key', textCell(f`i.item_key`)],
  ['target_index', plainCell(f`i.target_index`)],
  ['repetition', plainCell(f`i.repetition`)],
  ['provider', plainCell(f`t.provider`)],
  ['model', textCell(f`t.model`)],
  ['served_model', textCell(f`r.served_model`)],
  ['outcome', plainCell(f`i.outcome`)],
  ['detail', textCell(f`i.detail`)],
  ...messageColumns,
  ['text', textCell(f`r.answer_text`)],
  ['finish_reason', textCell(f`r.finish_reason`)],
  ...usageColumns(f`r`),
  ['cost_usd', plainCell(f`r.cost_usd`)],
  ['latency_ms', plainCell(f`r.latency_ms`)],
  ...errorColumns(f`r`),
  ['attempts', plainCell(f`i.attempts`)],
  ['inference_id', plainCell(f`i.run_id`)],
  ['shared_from', plainCell(f`i.shared_from`)],
  ['settled_at', utc(f`i.settled_at`)],
  ['metadata', jsonCell(f`q.metadata`)],
];
