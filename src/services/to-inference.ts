import type { Inference } from '../contract/inference.ts';
import type { NewRun, RunSettlement } from '../db/inference-repository.ts';

/** The inference as the database would give it back, without asking it. */
export const toInference = (run: NewRun, settled: RunSettlement): Inference => ({
  id: run.id,
  status: 'settled',
  outcome: settled.outcome,
  detail: settled.detail,
  provider: run.provider,
  model: run.model,
  servedModel: settled.servedModel,
  messages: [...run.messages],
  originalMessages: run.originalMessages === null ? null : [...run.originalMessages],
  text: settled.text,
  finishReason: settled.finishReason,
  parameters: run.parameters,
  preprocessing: run.preprocessing,
  metadata: run.metadata,
  usage: settled.usage,
  costUsd: settled.costUsd,
  priceId: settled.priceId,
  latencyMs: settled.latencyMs,
  attemptCount: settled.attemptCount,
  error: settled.error,
  contentFilter: settled.contentFilter,
  providerRequestId: settled.providerRequestId,
  systemFingerprint: settled.systemFingerprint,
  omittedParameters: settled.omittedParameters?.slice() ?? null,
  requestId: run.requestId,
  batchId: run.batchId,
  createdAt: run.createdAt.toISOString(),
  settledAt: settled.settledAt.toISOString(),
});
