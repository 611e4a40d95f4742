import { describe, expect, it } from '@jest/globals';
import { noTelemetry } from '../../src/telemetry/no-telemetry.ts';
import type { SpanFacts, SpanStart, Telemetry } from '../../src/telemetry/telemetry.ts';
import { knownId, startFakeApp } from '../support/fake-services.ts';

type Span = { start: SpanStart; name: string; facts: SpanFacts; failed: boolean };

const record = (traces = true) => {
  const spans: Span[] = [];
  const telemetry: Telemetry = {
    ...noTelemetry,
    traces,
    within: (start, work) => {
      const span: Span = { start, name: start.name, facts: {}, failed: false };
      spans.push(span);
      return work({
        rename: (name) => {
          span.name = name;
        },
        note: (facts) => {
          span.facts = { ...span.facts, ...facts };
        },
        fail: () => {
          span.failed = true;
        },
      });
    },
  };
  return { spans, telemetry };
};

describe('the span of a request', () => {
  it('is named by the route, and holds neither path nor query', async () => {
    const { spans, telemetry } = record();
    const { send } = startFakeApp({}, { telemetry });
    await send(`/api/v1/inferences/${knownId}`, { headers: { traceparent: 'of-the-caller' } });
    await send('/api/v1/inferences?text=a-secret-wish');
    await send('/api/v1/nowhere/else');
    expect(spans.map(({ name, facts }) => [name, facts['http.response.status_code']])).toEqual([
      ['GET /api/v1/inferences/:id', 200],
      ['GET /api/v1/inferences', 200],
      ['GET /*', 404],
    ]);
    expect(spans.map(({ start }) => start.traceparent)).toEqual(['of-the-caller', undefined, undefined]);
    for (const hidden of [knownId, 'secret', 'nowhere']) expect(JSON.stringify(spans)).not.toContain(hidden);
  });

  it('has failed when the answer is a server error', async () => {
    const { spans, telemetry } = record();
    const list = () => Promise.reject(new Error('broken'));
    const { send } = startFakeApp({ inferenceService: { list } }, { telemetry });
    expect((await send('/api/v1/inferences')).status).toBe(500);
    expect(spans).toMatchObject([{ failed: true, facts: { 'http.response.status_code': 500 } }]);
  });

  it('is not made for probes, nor where nothing is traced', async () => {
    const probed = record();
    const { send } = startFakeApp({}, { telemetry: probed.telemetry });
    await send('/api/health');
    await send('/api/ready');
    expect(probed.spans).toEqual([]);
    const untraced = record(false);
    await startFakeApp({}, { telemetry: untraced.telemetry }).send('/api/v1/inferences');
    expect(untraced.spans).toEqual([]);
  });
});
