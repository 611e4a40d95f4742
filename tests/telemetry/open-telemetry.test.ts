import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { report, secretKey, setUpTelemetry } from '../support/set-up-telemetry.ts';

describe('createOpenTelemetry', () => {
  const setUp = setUpTelemetry();

  it('knows the address of a trace where it knows the project', async () => {
    const telemetry = await setUp.start();
    expect(telemetry.traceUrl('abc')).toBe(`${setUp.langfuse.url}/project/project-1/traces/abc`);
    expect(telemetry.traceUrl(null)).toBeNull();
    const without = { baseUrl: setUp.langfuse.url, publicKey: 'pk-lf-1', secretKey, projectId: null };
    expect((await setUp.start('full', { langfuse: without })).traceUrl('abc')).toBeNull();
  });

  it('signs in to Application Insights with a token, where it is told to', async () => {
    const scopes: string[] = [];
    const credential = {
      getToken: async (scope: string | string[]) => {
        scopes.push(...[scope].flat());
        return { token: 'a-token', expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    };
    const { connectionString } = setUp.insights;
    const telemetry = await setUp.start('full', { applicationInsights: { connectionString, credential } });
    report(telemetry);
    await telemetry.flush();
    expect(setUp.insights.requests[0]?.headers.authorization).toBe('Bearer a-token');
    expect(new Set(scopes)).toEqual(new Set(['https://monitor.azure.com/.default']));
  });

  it('sends metrics to Application Insights when it closes', async () => {
    const telemetry = await setUp.start();
    const labels = { provider: 'openai', model: 'gpt-5-mini', outcome: 'ok' };
    telemetry.measure('sq.inferences', 1, labels);
    telemetry.measure('sq.inferences', 1, labels);
    telemetry.measure('sq.inference.cost', 0.25, labels);
    telemetry.measure('sq.queue.pending', 7);
    await telemetry.close();
    const found = setUp.insights
      .envelopes()
      .filter(({ data }) => data.baseType === 'MetricData')
      .flatMap(({ data: { baseData } }) =>
        (baseData.metrics ?? []).map(({ name, value }) => [name, value, baseData.properties?.outcome]),
      );
    expect(found).toEqual(
      expect.arrayContaining([
        ['sq.inferences', 2, 'ok'],
        ['sq.inference.cost', 0.25, 'ok'],
        ['sq.queue.pending', 7, undefined],
      ]),
    );
  });

  it.each(['hangs', 'fails'] as const)('ends a flush in time when Langfuse %s, and rests', async (mode) => {
    const telemetry = await setUp.start('full', { withinMs: 200 });
    setUp.langfuse.mode = mode;
    for (let turn = 0; turn < 4; turn++) {
      report(telemetry);
      const startedAt = performance.now();
      await telemetry.flush();
      expect(performance.now() - startedAt).toBeLessThan(450);
      await delay(220);
    }
    expect(setUp.lines.join()).toContain('its receiver does not take it');
    expect(setUp.lines.join()).not.toContain('lighthouse');
    setUp.langfuse.mode = 'well';
    report(telemetry);
    await telemetry.flush();
    expect(setUp.langfuse.spans()).toEqual([]);
    // Application Insights has a rest of its own.
    expect(
      setUp.insights.envelopes().filter(({ data }) => data.baseType === 'RemoteDependencyData'),
    ).toHaveLength(5);
  });
});
