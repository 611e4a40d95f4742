import { type FragmentSqlToken, sql } from 'slonik';

/** Token counts as the contract has them; null where none are known. `alias` is the table's. */
const usageOf = (alias: FragmentSqlToken): FragmentSqlToken => sql.fragment`
  case when ${alias}.usage_estimated is null then null else jsonb_build_object(
    'inputTokens', ${alias}.input_tokens,
    'cachedInputTokens', ${alias}.cached_input_tokens,
    'outputTokens', ${alias}.output_tokens,
    'reasoningTokens', ${alias}.reasoning_tokens,
    'estimated', ${alias}.usage_estimated
  ) end`;

/** The columns of `inference_runs as r` under the contract's names; the address of a trace is left to the service. Never a raw answer: a page of them may be huge. */
export const inferenceFields: FragmentSqlToken = sql.fragment`
  r.id,
  r.status,
  r.outcome,
  r.detail,
  r.provider,
  r.model,
  r.served_model as "servedModel",
  r.messages,
  r.original_messages as "originalMessages",
  r.answer_text as "text",
  r.finish_reason as "finishReason",
  r.parameters,
  r.preprocessing,
  r.metadata,
  ${usageOf(sql.fragment`r`)} as "usage",
  r.cost_usd as "costUsd",
  r.price_id as "priceId",
  r.latency_ms as "latencyMs",
  r.first_token_ms as "firstTokenMs",
  r.attempt_count as "attemptCount",
  r.error,
  r.content_filter as "contentFilter",
  r.provider_request_id as "providerRequestId",
  r.system_fingerprint as "systemFingerprint",
  r.omitted_parameters as "omittedParameters",
  r.request_id as "requestId",
  r.batch_id as "batchId",
  r.trace_id as "traceId",
  null as "traceUrl",
  r.created_at as "createdAt",
  r.cancel_requested_at as "cancelRequestedAt",
  r.settled_at as "settledAt"`;

/** The columns of `inference_attempts as a` under the contract's names. */
export const attemptFields: FragmentSqlToken = sql.fragment`
  a.id,
  a.attempt_number as "attemptNumber",
  a.status,
  a.outcome,
  a.started_at as "startedAt",
  a.settled_at as "settledAt",
  a.latency_ms as "latencyMs",
  a.first_token_ms as "firstTokenMs",
  a.http_status as "httpStatus",
  a.error,
  a.retry_after_ms as "retryAfterMs",
  a.provider_request_id as "providerRequestId",
  a.served_model as "servedModel",
  ${usageOf(sql.fragment`a`)} as "usage",
  a.cost_usd as "costUsd",
  a.rate_limit as "rateLimit"`;
