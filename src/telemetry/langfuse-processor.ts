import { configureGlobalLogger, LANGFUSE_SDK_VERSION, LogLevel } from '@langfuse/core';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import type { Attributes } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { langfuseAttributes } from './langfuse-attributes.ts';
import type { Logger } from './logger.ts';
import { createRestingExporter } from './resting-exporter.ts';
import type { GenerationFacts } from './telemetry.ts';
import type { TraceContent } from './trace-content.ts';

export type LangfuseOptions = {
  /** Without `/` at its end. */
  baseUrl: string;
  publicKey: string;
  secretKey: string;
  /** Only for addresses of traces. */
  projectId: string | null;
};

/** Spans of one request: with prompts in them they are large, and Langfuse bounds a request's size. */
const spansPerRequest = 32;
/** What no invocation flushes, such as the end of a stream, waits at most so long. */
const flushSeconds = 1;

export type LangfuseReceiver = {
  spanProcessor: SpanProcessor;
  /** What a span needs to be a generation there. */
  attributes(facts: GenerationFacts): Attributes;
};

/** Sends what Langfuse is meant to see (generations, no HTTP requests of ours) to its OpenTelemetry endpoint. */
export const createLangfuseProcessor = (
  { baseUrl, publicKey, secretKey }: LangfuseOptions,
  { withinMs, logger, content }: { withinMs: number; logger: Logger; content: TraceContent },
): LangfuseReceiver => {
  // It writes to the console, past our log.
  configureGlobalLogger({ level: LogLevel.ERROR });
  // As the processor would make it by itself; made here to stand behind the one that rests.
  const exporter = new OTLPTraceExporter({
    url: `${baseUrl}/api/public/otel/v1/traces`,
    headers: {
      Authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`,
      'x-langfuse-sdk-name': 'javascript',
      'x-langfuse-sdk-version': LANGFUSE_SDK_VERSION,
      'x-langfuse-public-key': publicKey,
    },
    timeoutMillis: withinMs,
  });
  const spanProcessor = new LangfuseSpanProcessor({
    publicKey,
    secretKey,
    baseUrl,
    exporter: createRestingExporter<ReadableSpan[]>({ inner: exporter, name: 'Langfuse', withinMs, logger }),
    flushAt: spansPerRequest,
    flushInterval: flushSeconds,
    // It would look for files in prompts and upload them by itself, past masking.
    mediaUploadEnabled: false,
  });
  return { spanProcessor, attributes: (facts) => langfuseAttributes(facts, content) };
};
