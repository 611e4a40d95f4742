import type { MetricName } from './metrics.ts';

/** A trace as it is kept in the record; `parentSpanId` is the span that was under way when it was opened. */
export type TraceRef = { traceId: string; parentSpanId: string | null };

/** Facts about a piece of work; null and undefined are left out. Application Insights gets only those it is allowed. */
export type SpanFacts = Readonly<Record<string, string | number | boolean | null | undefined>>;

export type SpanStart = {
  /** Few different ones: a route's pattern, never a path. */
  name: string;
  kind: 'server' | 'internal';
  /** W3C `traceparent` of whoever asked for the work. */
  traceparent?: string | null | undefined;
};

export type ActiveSpan = {
  rename(name: string): void;
  note(facts: SpanFacts): void;
  /** Marks the work as failed; what is thrown does so too. */
  fail(): void;
};

/** One settled question, as a tracer wants it. Only `messages`, `text`, `errorMessage` and `labels` are content. */
export type GenerationFacts = {
  inferenceId: string;
  /** Questions of one batch are shown together. */
  batchId: string | null;
  requestId: string | null;
  apiKeyId: string | null;
  provider: string;
  model: string;
  servedModel: string | null;
  startedAt: Date;
  endedAt: Date;
  /** When the first text of a streamed answer arrived; left out: it was not streamed. */
  firstTokenAt?: Date | null | undefined;
  outcome: string;
  detail: string | null;
  finishReason: string | null;
  parameters: Readonly<Record<string, unknown>>;
  usage: {
    inputTokens: number | null;
    cachedInputTokens: number | null;
    outputTokens: number | null;
    reasoningTokens: number | null;
  } | null;
  /** USD, decimal. */
  costUsd: string | null;
  latencyMs: number;
  attemptCount: number;
  /** The prompt template it was made from, by its name and version in Langfuse. */
  prompt?: { name: string; version: number } | undefined;
  messages: readonly { role: string; content: string }[];
  text: string | null;
  errorMessage: string | null;
  labels: Readonly<Record<string, unknown>>;
};

export type MetricLabels = Readonly<Record<string, string>>;

/**
 * What happened, for Langfuse and Application Insights. Nothing here throws or waits for the network but `flush` and `close`, and
 * those end in time: the record in the database is the truth, this is its shadow.
 */
export type Telemetry = {
  /** Whether anybody gets traces; without, `within` is only a detour. */
  readonly traces: boolean;
  /** Runs work as a span; what is opened meanwhile belongs to it. */
  within<Result>(start: SpanStart, work: (span: ActiveSpan) => Promise<Result>): Promise<Result>;
  /** @param apart a trace of its own, whatever is under way. @returns null when nothing is traced */
  openTrace(apart: boolean): TraceRef | null;
  /** Reports a question that was settled, beside the caller, who doesn't wait. */
  generation(trace: TraceRef, facts: GenerationFacts): void;
  /** Where people can look at a trace; null when it isn't known. */
  traceUrl(traceId: string | null): string | null;
  /** Whether anybody reads metrics: what is costly to measure is measured only then. */
  readonly measures: boolean;
  /** Adds to a counter, records in a histogram or sets a gauge, whatever the metric is. */
  measure(name: MetricName, value: number, labels?: MetricLabels): void;
  /** Sends spans and metrics; ends after the time limit at the latest. */
  flush(): Promise<void>;
  /** Sends spans in a moment, beside everything else. */
  flushSoon(): void;
  close(): Promise<void>;
};
