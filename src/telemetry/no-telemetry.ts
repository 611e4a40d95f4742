import type { ActiveSpan, Telemetry } from './telemetry.ts';

const noSpan: ActiveSpan = { rename: () => undefined, note: () => undefined, fail: () => undefined };

/** Where neither Langfuse nor Application Insights is configured: nothing is loaded, and nothing costs anything. */
export const noTelemetry: Telemetry = {
  traces: false,
  within: (_start, work) => work(noSpan),
  openTrace: () => null,
  generation: () => undefined,
  traceUrl: () => null,
  measures: false,
  measure: () => undefined,
  flush: async () => undefined,
  flushSoon: () => undefined,
  close: async () => undefined,
};
