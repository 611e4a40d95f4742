import { AzureMonitorMetricExporter, AzureMonitorTraceExporter } from '@azure/monitor-opentelemetry-exporter';
import type { Resource } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, type ReadableSpan, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { withAllowedAttributes } from './allowed-attributes.ts';
import type { Logger } from './logger.ts';
import { createRestingExporter } from './resting-exporter.ts';

/** What signs in instead of the key in the connection string (`TokenCredential` of `@azure/core-auth`). */
export type TelemetryCredential = {
  getToken(scopes: string | string[]): Promise<{ token: string; expiresOnTimestamp: number }>;
};

export type ApplicationInsightsOptions = {
  connectionString: string;
  credential: TelemetryCredential | null;
};

/** What Azure itself uses; alerts look at five minutes. */
const metricsEveryMs = 60_000;

/** Spans without any content, and metrics, for Application Insights. */
export const createApplicationInsights = (
  { connectionString, credential }: ApplicationInsightsOptions,
  { withinMs, logger, resource }: { withinMs: number; logger: Logger; resource: Resource },
): { spanProcessor: SpanProcessor; meterProvider: MeterProvider } => {
  const options = {
    connectionString,
    ...(credential && { credential }),
    // It would keep what it cannot send on a disk that is gone with the instance.
    disableOfflineStorage: true,
  };
  const name = 'Application Insights';
  const traces = new AzureMonitorTraceExporter(options);
  const spanProcessor = new BatchSpanProcessor(
    createRestingExporter<ReadableSpan[]>({
      name,
      withinMs,
      logger,
      inner: {
        export: (spans, done) => traces.export(spans.map(withAllowedAttributes), done),
        shutdown: () => traces.shutdown(),
      },
    }),
    { exportTimeoutMillis: withinMs },
  );
  const meterProvider = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new AzureMonitorMetricExporter(options),
        exportIntervalMillis: metricsEveryMs,
        exportTimeoutMillis: withinMs,
      }),
    ],
  });
  return { spanProcessor, meterProvider };
};
