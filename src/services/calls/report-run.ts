import type { AttemptSettlement, NewRun, RunSettlement } from '../../db/runs/inference-repository.ts';
import type { GenerationFacts, Telemetry, TraceRef } from '../../telemetry/telemetry.ts';

export type ReportRun = (trace: TraceRef | null, run: NewRun, settlement: RunSettlement) => void;

/** Tells telemetry of a settled run: one generation of its trace, and what the metrics count. */
export const createReportRun =
  (telemetry: Telemetry): ReportRun =>
  (trace, run, settlement) => {
    if (trace !== null) telemetry.generation(trace, toGeneration(run, settlement));
    if (telemetry.measures) measureRun(telemetry, run, settlement);
  };

/** The messages are those that were sent: what preprocessing removed stays in the record. */
const toGeneration = (run: NewRun, settled: RunSettlement): GenerationFacts => ({
  inferenceId: run.id,
  batchId: run.batchId,
  requestId: run.requestId,
  apiKeyId: run.apiKeyId,
  provider: run.provider,
  model: run.model,
  servedModel: settled.servedModel,
  startedAt: run.createdAt,
  endedAt: settled.settledAt,
  firstTokenAt: firstTokenAtOf(settled.lastAttempt),
  outcome: settled.outcome,
  detail: settled.detail,
  finishReason: settled.finishReason,
  parameters: run.parameters,
  usage: settled.usage,
  costUsd: settled.costUsd,
  latencyMs: settled.latencyMs,
  attemptCount: settled.attemptCount,
  messages: run.messages,
  text: settled.text,
  errorMessage: settled.error?.message ?? null,
  labels: run.metadata,
});

const firstTokenAtOf = ({ settledAt, latencyMs, firstTokenMs = null }: AttemptSettlement): Date | null =>
  firstTokenMs === null ? null : new Date(settledAt.getTime() - latencyMs + firstTokenMs);

/** What is unknown is left out: a sum of known parts is smaller, and true. */
const measureRun = (telemetry: Telemetry, run: NewRun, settled: RunSettlement): void => {
  const labels = { provider: run.provider, model: run.model, outcome: settled.outcome };
  const { usage, costUsd, attemptCount, firstTokenMs = null } = settled;
  telemetry.measure('sq.inferences', 1, labels);
  telemetry.measure('sq.inference.duration', settled.latencyMs, labels);
  if (firstTokenMs !== null) telemetry.measure('sq.inference.first_token', firstTokenMs, labels);
  if (attemptCount > 1) telemetry.measure('sq.inference.retries', attemptCount - 1, labels);
  if (costUsd !== null) telemetry.measure('sq.inference.cost', Number(costUsd), labels);
  const tokens = { input: usage?.inputTokens, output: usage?.outputTokens };
  for (const [direction, count] of Object.entries(tokens)) {
    if (typeof count === 'number') {
      telemetry.measure('sq.inference.tokens', count, { ...labels, direction });
    }
  }
};
