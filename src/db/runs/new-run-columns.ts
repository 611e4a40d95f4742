import { storableJson, storableText, storableTextOrNull } from '../storable.ts';
import type { RowColumn } from '../unnest-rows.ts';
import type { NewRun } from './inference-repository.ts';
import { promptText } from './prompt-text.ts';

/** What a new run brings, in the order and types of its statement. */
export const newRunColumns: readonly RowColumn<NewRun>[] = [
  ['id', 'uuid', (run) => run.id],
  ['attempt_id', 'uuid', (run) => run.attemptId],
  ['provider', 'text', (run) => run.provider],
  ['model', 'text', (run) => storableText(run.model)],
  ['messages', 'jsonb', (run) => storableJson(run.messages)],
  ['original_messages', 'jsonb', (run) => storableJson(run.originalMessages)],
  ['prompt_text', 'text', (run) => promptText(run.messages)],
  ['parameters', 'jsonb', (run) => storableJson(run.parameters)],
  ['preprocessing', 'jsonb', (run) => storableJson(run.preprocessing)],
  ['metadata', 'jsonb', (run) => storableJson(run.metadata)],
  ['request_hash', 'text', (run) => run.requestHash],
  ['request_id', 'text', (run) => storableTextOrNull(run.requestId)],
  ['api_key_id', 'uuid', (run) => run.apiKeyId],
  ['batch_id', 'uuid', (run) => run.batchId],
  ['trace_id', 'text', (run) => run.traceId ?? null],
  ['streamed', 'bool', (run) => run.streamed ?? false],
  ['created_at', 'timestamptz', (run) => run.createdAt.toISOString()],
  ['lease_until', 'timestamptz', (run) => run.leaseUntil.toISOString()],
];
