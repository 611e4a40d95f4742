import type { Usage } from '../../contract/inference.ts';
import { storableInteger, storableJson, storableNumber, storableTextOrNull } from '../storable.ts';
import type { RowColumn } from '../unnest-rows.ts';
import type { AttemptSettlement, RunSettlement } from './inference-repository.ts';

/** Five columns of token counts; all null when no usage is known. */
const usageColumns = <Row>(prefix: string, usageOf: (row: Row) => Usage | null): RowColumn<Row>[] => [
  [`${prefix}input_tokens`, 'int8', (row) => storableInteger(usageOf(row)?.inputTokens ?? null)],
  [`${prefix}cached_input_tokens`, 'int8', (row) => storableInteger(usageOf(row)?.cachedInputTokens ?? null)],
  [`${prefix}output_tokens`, 'int8', (row) => storableInteger(usageOf(row)?.outputTokens ?? null)],
  [`${prefix}reasoning_tokens`, 'int8', (row) => storableInteger(usageOf(row)?.reasoningTokens ?? null)],
  [`${prefix}usage_estimated`, 'bool', (row) => usageOf(row)?.estimated ?? null],
];

/** What became of an attempt. The prefix keeps its names apart from those of its run in one statement. */
const settledAttemptColumnsOf = <Row>(attemptOf: (row: Row) => AttemptSettlement): RowColumn<Row>[] => [
  ['attempt_id', 'uuid', (row) => attemptOf(row).attemptId],
  ['attempt_outcome', 'text', (row) => attemptOf(row).outcome],
  ['attempt_settled_at', 'timestamptz', (row) => attemptOf(row).settledAt.toISOString()],
  ['attempt_latency_ms', 'float8', (row) => storableNumber(attemptOf(row).latencyMs)],
  ['attempt_first_token_ms', 'float8', (row) => storableNumber(attemptOf(row).firstTokenMs ?? null)],
  ['attempt_http_status', 'int4', (row) => attemptOf(row).httpStatus],
  ['attempt_error', 'jsonb', (row) => storableJson(attemptOf(row).error)],
  ['attempt_retry_after_ms', 'float8', (row) => storableNumber(attemptOf(row).retryAfterMs)],
  ['attempt_provider_request_id', 'text', (row) => storableTextOrNull(attemptOf(row).providerRequestId)],
  ['attempt_served_model', 'text', (row) => storableTextOrNull(attemptOf(row).servedModel)],
  ...usageColumns<Row>('attempt_', (row) => attemptOf(row).usage),
  ['attempt_cost_usd', 'numeric', (row) => attemptOf(row).costUsd],
  ['attempt_rate_limit', 'jsonb', (row) => storableJson(attemptOf(row).rateLimit)],
  ['attempt_raw', 'jsonb', (row) => storableJson(attemptOf(row).raw)],
];

export const settledAttemptColumns: readonly RowColumn<AttemptSettlement>[] = settledAttemptColumnsOf(
  (attempt: AttemptSettlement) => attempt,
);

/** What became of a run and of its last attempt. */
export const settledRunColumns: readonly RowColumn<RunSettlement>[] = [
  ['run_id', 'uuid', (run) => run.runId],
  ['outcome', 'text', (run) => run.outcome],
  ['detail', 'text', (run) => storableTextOrNull(run.detail)],
  ['answer_text', 'text', (run) => storableTextOrNull(run.text)],
  ['finish_reason', 'text', (run) => storableTextOrNull(run.finishReason)],
  ['served_model', 'text', (run) => storableTextOrNull(run.servedModel)],
  ...usageColumns<RunSettlement>('', (run) => run.usage),
  ['cost_usd', 'numeric', (run) => run.costUsd],
  ['price_id', 'uuid', (run) => run.priceId],
  ['latency_ms', 'float8', (run) => storableNumber(run.latencyMs)],
  ['first_token_ms', 'float8', (run) => storableNumber(run.firstTokenMs ?? null)],
  ['attempt_count', 'int4', (run) => run.attemptCount],
  ['error', 'jsonb', (run) => storableJson(run.error)],
  ['content_filter', 'jsonb', (run) => storableJson(run.contentFilter)],
  ['provider_request_id', 'text', (run) => storableTextOrNull(run.providerRequestId)],
  ['system_fingerprint', 'text', (run) => storableTextOrNull(run.systemFingerprint)],
  ['omitted_parameters', 'jsonb', (run) => storableJson(run.omittedParameters)],
  ['settled_at', 'timestamptz', (run) => run.settledAt.toISOString()],
  ...settledAttemptColumnsOf((run: RunSettlement) => run.lastAttempt),
];
