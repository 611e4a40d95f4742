import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Inference } from '../../src/contract/inference.ts';
import { localCertificate } from '../support/local-certificate.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { startInsights, startLangfuse } from '../support/telemetry-receivers.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const secretKey = 'sk-lf-0f1e2d3c-secret';
const parent = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

/** Asks again until there is something. */
const eventually = async <Result>(look: () => Result | null | undefined | false): Promise<Result> => {
  for (const end = Date.now() + 10_000; ; ) {
    const found = look();
    if (found) return found;
    if (Date.now() > end) throw new Error('nothing came');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

describe.each(['true', 'false'])('the built app, traced, streaming %s', (httpStream) => {
  let database: TestDatabase;
  let langfuse: Awaited<ReturnType<typeof startLangfuse>>;
  let insights: Awaited<ReturnType<typeof startInsights>>;
  let app: RunningApp;

  beforeAll(async () => {
    [database, langfuse, insights] = await Promise.all([
      createTestDatabase(),
      startLangfuse(),
      startInsights(),
    ]);
    app = await startApp(database.url, {
      SQ_HTTP_STREAM: httpStream,
      LANGFUSE_PUBLIC_KEY: 'pk-lf-1',
      LANGFUSE_SECRET_KEY: secretKey,
      LANGFUSE_BASE_URL: langfuse.url,
      LANGFUSE_PROJECT_ID: 'project-1',
      APPLICATIONINSIGHTS_CONNECTION_STRING: insights.connectionString,
      // Its statistics about itself would go to Microsoft.
      APPLICATION_INSIGHTS_NO_STATSBEAT: 'true',
      NODE_EXTRA_CA_CERTS: localCertificate.certFile,
    });
  });
  afterAll(async () => {
    await app?.host.stop();
    await Promise.all([langfuse?.close(), insights?.close(), database?.drop()]);
  });

  const ask = async (prompt: string, headers: Record<string, string> = {}) => {
    const question = { provider: 'echo', model: 'echo-1', prompt };
    const response = await app.post('/api/v1/inferences', question, headers);
    expect(response.status).toBe(201);
    return Inference.parse(await response.json());
  };

  it('joins the trace of its caller, tells it in the record, and sends it at once', async () => {
    const traceparent = `00-${parent.traceId}-${parent.spanId}-01`;
    const inference = await ask('What is the amber beacon for?', { traceparent });
    expect(inference.traceId).toBe(parent.traceId);
    expect(inference.traceUrl).toBe(`${langfuse.url}/project/project-1/traces/${parent.traceId}`);
    const kept = Inference.parse(await (await app.send(`/api/v1/inferences/${inference.id}`)).json());
    expect([kept.traceId, kept.traceUrl]).toEqual([inference.traceId, inference.traceUrl]);

    const span = await eventually(() => langfuse.spans().find(({ traceId }) => traceId === parent.traceId));
    expect(span.attributes).toMatchObject({
      'langfuse.observation.input': '[{"role":"user","content":"What is the amber beacon for?"}]',
      'langfuse.observation.output': inference.text,
      'langfuse.observation.metadata.inferenceId': inference.id,
    });
    const request = await eventually(() =>
      insights
        .envelopes()
        .find(
          ({ data, tags }) => data.baseType === 'RequestData' && tags['ai.operation.id'] === parent.traceId,
        ),
    );
    expect(request.data.baseData.name).toBe('POST /api/v1/inferences');
    expect(request.tags['ai.operation.parentId']).toBe(parent.spanId);
    expect(span.parentSpanId).toBe(request.data.baseData.id);
  });

  it('traces each item of a batch by itself, together in a session', async () => {
    const items = [1, 2, 3].map((n) => ({ itemKey: `q-${n}`, prompt: `Which violet lamp is number ${n}?` }));
    const response = await app.post('/api/v1/batches', {
      targets: [{ provider: 'echo', model: 'echo-1' }],
      items,
    });
    expect(response.status).toBe(202);
    const { id }: { id: string } = JSON.parse(await response.text());
    const spans = await eventually(() => {
      const found = langfuse.spans().filter(({ attributes }) => attributes['session.id'] === id);
      return found.length === 3 && found;
    });
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(3);
    for (const span of spans) expect(span.parentSpanId).toBeUndefined();
  });

  it('shows content to Langfuse alone, and keys to nobody', async () => {
    await ask('Where does the crimson lantern hang?', { traceparent: 'nonsense' });
    await eventually(() => langfuse.requests.some(({ text }) => text.includes('crimson lantern')));
    await app.host.stop();
    const told = (receiver: { requests: { text: string }[] }) =>
      receiver.requests.map(({ text }) => text).join('\n');
    expect(insights.envelopes().length).toBeGreaterThan(5);
    for (const content of ['amber beacon', 'violet lamp', 'crimson lantern']) {
      expect(told(langfuse)).toContain(content);
      expect(told(insights)).not.toContain(content);
      expect(app.lines.join('\n')).not.toContain(content);
    }
    for (const key of [app.adminKey, secretKey]) {
      for (const text of [told(langfuse), told(insights), app.lines.join('\n')]) {
        expect(text).not.toContain(key);
      }
    }
    // In parts, the last of which closing the app has sent.
    const metrics = insights.envelopes().flatMap(({ data: { baseData } }) => baseData.metrics ?? []);
    const counted = metrics.filter(({ name }) => name === 'sq.inferences');
    expect(counted.reduce((sum, { value }) => sum + value, 0)).toBe(5);
  });
});
