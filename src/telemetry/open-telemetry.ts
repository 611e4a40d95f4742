// Loads OpenTelemetry itself: only ever imported when Langfuse or Application Insights is configured.
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import type { ApplicationInsightsOptions } from './application-insights.ts';
import { createMeasure } from './create-measure.ts';
import { createFlusher } from './flusher.ts';
import type { LangfuseOptions } from './langfuse-processor.ts';
import type { Logger } from './logger.ts';
import { plainAttributes } from './plain-attributes.ts';
import type { SpanFacts, Telemetry } from './telemetry.ts';
import type { TraceContent } from './trace-content.ts';
import { createTraceIds } from './trace-ids.ts';

export type OpenTelemetryOptions = {
  langfuse: LangfuseOptions | null;
  applicationInsights: ApplicationInsightsOptions | null;
  content: TraceContent;
  /** What an export, a flush and closing may take each. */
  withinMs: number;
  version: string;
  logger: Logger;
};

/** Langfuse takes what comes under its own name for its own, and nothing else. */
const langfuseScope = 'langfuse-sdk';
const ourScope = 'study-query-llm';

const below = (parent: SpanContext | null) =>
  parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);

const known = (facts: SpanFacts): Attributes =>
  Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== null && value !== undefined),
  ) as Attributes;

/** Only what is configured is loaded. @throws when something of it cannot be */
const openReceivers = async (options: OpenTelemetryOptions) => {
  const { langfuse, applicationInsights, withinMs, logger, content, version } = options;
  const resource = resourceFromAttributes({ 'service.name': ourScope, 'service.version': version });
  const [toLangfuse, toInsights] = await Promise.all([
    langfuse && import('./langfuse-processor.ts'),
    applicationInsights && import('./application-insights.ts'),
  ]);
  return {
    resource,
    langfuse: langfuse && toLangfuse?.createLangfuseProcessor(langfuse, { withinMs, logger, content }),
    insights:
      applicationInsights &&
      toInsights?.createApplicationInsights(applicationInsights, { withinMs, logger, resource }),
  };
};

/**
 * Telemetry over one OpenTelemetry tracer provider. Nothing is registered globally: libraries that look there for a tracer find
 * none, so nothing is traced that isn't listed in docs/observability.md. Which span is under way is kept here.
 */
export const createOpenTelemetry = async (options: OpenTelemetryOptions): Promise<Telemetry> => {
  const { withinMs, logger } = options;
  const { resource, langfuse, insights } = await openReceivers(options);
  const ids = createTraceIds();
  const provider = new BasicTracerProvider({
    resource,
    idGenerator: ids,
    // Also where the caller's own trace isn't sampled: the answer was paid for.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [langfuse?.spanProcessor, insights?.spanProcessor].filter(
      (processor) => processor != null,
    ),
  });
  const ours = provider.getTracer(ourScope, options.version);
  const langfuses = provider.getTracer(langfuseScope);
  const underWay = new AsyncLocalStorage<Span>();
  const measure = insights
    ? createMeasure(insights.meterProvider.getMeter(ourScope, options.version))
    : () => undefined;

  const send = async (): Promise<void> => {
    // Generations are made in the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    await provider.forceFlush();
  };
  const spans = createFlusher({ send, withinMs });
  const figures = createFlusher({ send: async () => insights?.meterProvider.forceFlush(), withinMs });

  return {
    flush: async () => void (await Promise.all([spans.flush(), figures.flush()])),
    // Without the figures: they have a beat of their own, and requests are many.
    flushSoon: spans.flushSoon,
    traces: true,
    measures: insights != null,
    measure,

    within: async (start, work) => {
      const parent = start.traceparent ? parseTraceParent(start.traceparent) : null;
      const kind = start.kind === 'server' ? SpanKind.SERVER : SpanKind.INTERNAL;
      const span = ours.startSpan(start.name, { kind }, below(parent));
      const fail = () => void span.setStatus({ code: SpanStatusCode.ERROR });
      try {
        return await underWay.run(span, () =>
          work({
            rename: (name) => void span.updateName(name),
            note: (facts) => void span.setAttributes(known(facts)),
            fail,
          }),
        );
      } catch (error) {
        fail();
        throw error;
      } finally {
        span.end();
      }
    },

    openTrace: (apart) => {
      const parent = apart ? undefined : underWay.getStore()?.spanContext();
      return {
        traceId: parent?.traceId ?? ids.generateTraceId(),
        parentSpanId: parent?.spanId ?? null,
      };
    },

    generation: ({ traceId, parentSpanId }, facts) => {
      setImmediate(() => {
        try {
          const parent = parentSpanId && { traceId, spanId: parentSpanId, traceFlags: TraceFlags.SAMPLED };
          const attributes = { ...plainAttributes(facts), ...langfuse?.attributes(facts) };
          const span = ids.as(traceId, () =>
            langfuses.startSpan(
              'inference',
              { startTime: facts.startedAt, attributes, kind: SpanKind.CLIENT },
              below(parent || null),
            ),
          );
          if (facts.outcome !== 'ok') span.setStatus({ code: SpanStatusCode.ERROR });
          span.end(facts.endedAt);
        } catch (error) {
          logger.warn('an inference could not be traced', { inferenceId: facts.inferenceId, error });
        }
      });
    },

    traceUrl: (traceId) => {
      const project = options.langfuse?.projectId;
      if (traceId === null || !project) return null;
      return `${options.langfuse?.baseUrl}/project/${encodeURIComponent(project)}/traces/${traceId}`;
    },

    close: async () => {
      // What was settled in this turn of the event loop is still to be made a span.
      await new Promise((resolve) => setImmediate(resolve));
      let timer: NodeJS.Timeout | undefined;
      const over = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, withinMs);
      });
      const closed = Promise.allSettled([provider.shutdown(), insights?.meterProvider.shutdown()]);
      await Promise.race([closed, over]);
      clearTimeout(timer);
    },
  };
};
