import type { IdGenerator } from '@opentelemetry/sdk-trace-base';
import { RandomIdGenerator } from '@opentelemetry/sdk-trace-base';

export type TraceIds = IdGenerator & {
  /** Starts a span, the first of its trace, under an id that was given out before. `start` must be synchronous. */
  as<Span>(traceId: string, start: () => Span): Span;
};

/**
 * Ids of spans and traces. A run is committed with its trace's id before it is asked, but its span is made when it has ended: no
 * span is left half open by a process that dies, and none is made for a question that is refused.
 */
export const createTraceIds = (): TraceIds => {
  const random = new RandomIdGenerator();
  let given: string | null = null;
  return {
    generateTraceId: () => given ?? random.generateTraceId(),
    generateSpanId: () => random.generateSpanId(),
    as: (traceId, start) => {
      given = traceId;
      try {
        return start();
      } finally {
        given = null;
      }
    },
  };
};
