import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { removePii } from '../../src/services/prompts/remove-pii.ts';
import { createLogger, createRedactor } from '../../src/telemetry/create-logger.ts';
import { createOpenTelemetry, type OpenTelemetryOptions } from '../../src/telemetry/open-telemetry.ts';
import type { GenerationFacts, Telemetry } from '../../src/telemetry/telemetry.ts';
import { type ContentMode, createTraceContent } from '../../src/telemetry/trace-content.ts';
import { trustLocalCertificate } from './local-certificate.ts';
import { startInsights, startLangfuse } from './telemetry-receivers.ts';

export const secretKey = 'sk-lf-5b0c1d2e-secret';
export const prompt = 'Write to ada@example.org about the lighthouse';
export const answer = 'Dear Ada, call +49 30 1234567 at dusk';

export const settled = (more: Partial<GenerationFacts> = {}): GenerationFacts => ({
  inferenceId: '0198c0de-0000-7000-8000-000000000001',
  batchId: null,
  requestId: 'request-1',
  apiKeyId: 'key-1',
  provider: 'openai',
  model: 'gpt-5-mini',
  servedModel: 'gpt-5-mini-2026-01-01',
  startedAt: new Date('2026-01-02T03:04:05.000Z'),
  endedAt: new Date('2026-01-02T03:04:06.250Z'),
  outcome: 'ok',
  detail: null,
  finishReason: 'stop',
  parameters: { temperature: 0.5, stop: ['dusk'] },
  usage: { inputTokens: 100, cachedInputTokens: 40, outputTokens: 30, reasoningTokens: 10 },
  costUsd: '0.0125',
  latencyMs: 1250,
  attemptCount: 2,
  messages: [{ role: 'user', content: prompt }],
  text: answer,
  errorMessage: null,
  labels: { study: 'lighthouses' },
  ...more,
});

/** Reports one settled question, in the trace that is under way unless it stands `apart`. */
export const report = (telemetry: Telemetry, more: Partial<GenerationFacts> = {}, apart = false) => {
  const trace = telemetry.openTrace(apart);
  if (trace === null) throw new Error('nothing is traced');
  telemetry.generation(trace, settled(more));
  return trace;
};

/** Telemetry that sends to stand-ins, which are new for each test. */
export const setUpTelemetry = () => {
  const open: Telemetry[] = [];
  const setUp = {
    langfuse: {} as Awaited<ReturnType<typeof startLangfuse>>,
    insights: {} as Awaited<ReturnType<typeof startInsights>>,
    lines: [] as string[],
    start: async (mode: ContentMode = 'full', more: Partial<OpenTelemetryOptions> = {}) => {
      const telemetry = await createOpenTelemetry({
        langfuse: { baseUrl: setUp.langfuse.url, publicKey: 'pk-lf-1', secretKey, projectId: 'project-1' },
        applicationInsights: { connectionString: setUp.insights.connectionString, credential: null },
        content: createTraceContent({
          mode,
          mask: (text) => removePii(text, ['email', 'phone', 'card']),
          redact: createRedactor([secretKey, 'hunter2-hunter2']),
        }),
        withinMs: 1000,
        version: '1.2.3',
        logger: createLogger({ level: 'debug', write: (line) => setUp.lines.push(line) }),
        ...more,
      });
      open.push(telemetry);
      return telemetry;
    },
  };
  beforeAll(() => {
    // Statistics about the exporter itself, which it would send to Microsoft.
    process.env.APPLICATION_INSIGHTS_NO_STATSBEAT = 'true';
    trustLocalCertificate();
  });
  beforeEach(async () => {
    setUp.lines.length = 0;
    setUp.langfuse = await startLangfuse();
    setUp.insights = await startInsights();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((telemetry) => telemetry.close()));
    await Promise.all([setUp.langfuse.close(), setUp.insights.close()]);
  });
  afterAll(() => {
    delete process.env.APPLICATION_INSIGHTS_NO_STATSBEAT;
  });
  return setUp;
};
