import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

/**
 * Everything that Application Insights gets of a span's attributes. A list of what may pass, not of what may not: Langfuse keeps
 * whole prompts and answers in attributes of the same span, under names of its own choosing.
 */
export const allowedAttributes: ReadonlySet<string> = new Set([
  'http.request.method',
  'http.route',
  'http.response.status_code',
  'sq.inference.id',
  'sq.batch.id',
  'sq.request.id',
  'sq.provider',
  'sq.model',
  'sq.served_model',
  'sq.outcome',
  'sq.detail',
  'sq.attempts',
  'sq.input_tokens',
  'sq.output_tokens',
  'sq.cost_usd',
]);

/** The same span with allowed attributes only, and without events, links and the words of its status. */
export const withAllowedAttributes = (span: ReadableSpan): ReadableSpan => {
  const attributes = Object.fromEntries(
    Object.entries(span.attributes).filter(([name]) => allowedAttributes.has(name)),
  );
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => span.spanContext(),
    ...(span.parentSpanContext && { parentSpanContext: span.parentSpanContext }),
    startTime: span.startTime,
    endTime: span.endTime,
    status: { code: span.status.code },
    attributes,
    links: [],
    events: [],
    duration: span.duration,
    ended: span.ended,
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
};
