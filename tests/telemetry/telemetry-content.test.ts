import { describe, expect, it } from '@jest/globals';
import { type ContentMode, mostContent } from '../../src/telemetry/trace-content.ts';
import { answer, prompt, report, secretKey, settled, setUpTelemetry } from '../support/set-up-telemetry.ts';

describe('what telemetry tells whom', () => {
  const setUp = setUpTelemetry();

  it('gives Langfuse a generation with everything it can show', async () => {
    const telemetry = await setUp.start();
    const firstTokenAt = new Date('2026-01-02T03:04:05.500Z');
    const greeting = { name: 'greeting', version: 3 };
    const trace = report(telemetry, { batchId: 'batch-1', prompt: greeting, firstTokenAt });
    await telemetry.flush();
    const [span, ...others] = setUp.langfuse.spans();
    expect(others).toEqual([]);
    expect(span).toMatchObject({
      traceId: trace.traceId,
      name: 'inference',
      startTimeUnixNano: '1767323045000000000',
      endTimeUnixNano: '1767323046250000000',
    });
    const attributes = span?.attributes ?? {};
    expect(attributes).toMatchObject({
      'session.id': 'batch-1',
      'user.id': 'key-1',
      'langfuse.observation.type': 'generation',
      'langfuse.observation.model.name': 'gpt-5-mini-2026-01-01',
      'langfuse.observation.output': answer,
      'langfuse.observation.level': 'DEFAULT',
      'langfuse.observation.metadata.provider': 'openai',
      'langfuse.observation.metadata.outcome': 'ok',
      'langfuse.observation.metadata.labels': '{"study":"lighthouses"}',
      'langfuse.observation.prompt.name': 'greeting',
    });
    expect(Number(attributes['langfuse.observation.prompt.version'])).toBe(3);
    const parsed = (name: string) => JSON.parse(String(attributes[`langfuse.observation.${name}`]));
    expect(parsed('completion_start_time')).toBe(firstTokenAt.toISOString());
    expect(parsed('input')).toEqual([{ role: 'user', content: prompt }]);
    expect(parsed('model.parameters')).toEqual({ temperature: 0.5, stop: '["dusk"]' });
    expect(parsed('usage_details')).toEqual({
      input: 60,
      input_cached_tokens: 40,
      output: 20,
      output_reasoning_tokens: 10,
    });
    expect(parsed('cost_details')).toEqual({ total: 0.0125 });
  });

  it('leaves unknown tokens and cost out, and says what went wrong', async () => {
    const telemetry = await setUp.start();
    report(telemetry, {
      outcome: 'provider_error',
      detail: 'server_error',
      errorMessage: 'the upstream broke',
      usage: null,
      costUsd: null,
      text: null,
    });
    await telemetry.flush();
    const attributes = setUp.langfuse.spans()[0]?.attributes ?? {};
    expect(attributes).toMatchObject({
      'langfuse.observation.level': 'ERROR',
      'langfuse.observation.status_message': 'provider_error: server_error: the upstream broke',
      'langfuse.observation.usage_details': '{}',
    });
    expect(attributes).not.toHaveProperty(['langfuse.observation.cost_details']);
    expect(attributes).not.toHaveProperty(['langfuse.observation.output']);
  });

  it('gives Application Insights the same inference and the request around it, without content', async () => {
    const telemetry = await setUp.start();
    const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
    await telemetry.within({ name: 'POST', kind: 'server', traceparent: parent }, async (span) => {
      report(telemetry, { outcome: 'refused', errorMessage: prompt, detail: 'policy' });
      span.rename('POST /api/v1/inferences');
      span.note({ 'http.response.status_code': 201, 'sq.request.id': 'request-1', prompt, missing: null });
    });
    await telemetry.flush();
    const envelopes = setUp.insights.envelopes();
    const request = envelopes.find(({ data }) => data.baseType === 'RequestData');
    const call = envelopes.find(({ data }) => data.baseType === 'RemoteDependencyData');
    expect(request?.data.baseData.name).toBe('POST /api/v1/inferences');
    expect(request?.tags).toMatchObject({
      'ai.operation.id': '0af7651916cd43dd8448eb211c80319c',
      'ai.operation.parentId': 'b7ad6b7169203331',
    });
    expect(call?.tags).toMatchObject({
      'ai.operation.id': '0af7651916cd43dd8448eb211c80319c',
      'ai.operation.parentId': request?.data.baseData.id,
    });
    expect(call?.data.baseData.success).toBe(false);
    expect(call?.data.baseData.properties).toEqual({
      'sq.inference.id': settled().inferenceId,
      'sq.request.id': 'request-1',
      'sq.provider': 'openai',
      'sq.model': 'gpt-5-mini',
      'sq.served_model': 'gpt-5-mini-2026-01-01',
      'sq.outcome': 'refused',
      'sq.detail': 'policy',
      'sq.attempts': '2',
      'sq.input_tokens': '100',
      'sq.output_tokens': '30',
      'sq.cost_usd': '0.0125',
    });
    const everything = setUp.insights.requests.map(({ text }) => text).join('\n');
    for (const content of ['lighthouse', 'Dear Ada', 'langfuse.', 'lighthouses', 'dusk']) {
      expect(everything).not.toContain(content);
    }
    // And Langfuse sees the question, not our plumbing.
    expect(setUp.langfuse.spans().map(({ name, traceId }) => [name, traceId])).toEqual([
      ['inference', '0af7651916cd43dd8448eb211c80319c'],
    ]);
  });

  it.each<[ContentMode, string[], string[]]>([
    ['full', ['ada@example.org', '+49 30 1234567', 'lighthouse', 'lighthouses'], []],
    ['masked', ['[email]', '[phone]', 'lighthouse'], ['ada@example.org', '1234567']],
    ['none', [], ['lighthouse', 'Dear', 'ada@', 'upstream', 'labels', 'dusk']],
  ])('sends what %s allows', async (mode, there, notThere) => {
    const telemetry = await setUp.start(mode);
    report(telemetry);
    report(telemetry, { outcome: 'refused', errorMessage: 'the upstream broke for ada@example.org' });
    await telemetry.flush();
    expect(setUp.langfuse.spans()).toHaveLength(2);
    const text = setUp.langfuse.requests.map((request) => request.text).join('\n');
    for (const part of there) expect(text).toContain(part);
    for (const part of notThere) expect(text).not.toContain(part);
  });

  it('shows keys to nobody, and signs in to Langfuse with its pair', async () => {
    const telemetry = await setUp.start();
    const key = `sq_${'k'.repeat(43)}`;
    report(telemetry, { text: `my key is ${key} and hunter2-hunter2`, labels: { secretKey } });
    await telemetry.flush();
    const bodies = [...setUp.langfuse.requests, ...setUp.insights.requests]
      .map(({ text }) => text)
      .join('\n');
    expect(bodies).toContain('my key is sq_[secret] and [secret]');
    for (const secret of [key, 'hunter2-hunter2', secretKey]) expect(bodies).not.toContain(secret);
    const basic = `Basic ${Buffer.from(`pk-lf-1:${secretKey}`).toString('base64')}`;
    expect(setUp.langfuse.requests[0]?.headers.authorization).toBe(basic);
    expect(setUp.insights.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('cuts what is too long, masking what stands at the cut', async () => {
    const telemetry = await setUp.start('masked');
    const filler = 'word '.repeat(mostContent / 5 - 2);
    report(telemetry, { text: `${filler}ada@example.org and more`, messages: [] });
    await telemetry.flush();
    const output = String(setUp.langfuse.spans()[0]?.attributes['langfuse.observation.output']);
    expect(output.length).toBeLessThanOrEqual(mostContent);
    expect(output).toMatch(/\[cut; the whole is in the record\]$/);
    expect(output).not.toContain('ada@');
  });

  it('keeps questions apart that have nothing in common', async () => {
    const telemetry = await setUp.start();
    await telemetry.within({ name: 'lane', kind: 'internal' }, async () => {
      const together = [report(telemetry), report(telemetry)];
      const apart = [report(telemetry, {}, true), report(telemetry, {}, true)];
      expect(new Set(together.map(({ traceId }) => traceId)).size).toBe(1);
      expect(new Set(apart.map(({ traceId }) => traceId)).size).toBe(2);
      await telemetry.flush();
      expect(
        setUp.langfuse
          .spans()
          .map(({ traceId }) => traceId)
          .sort(),
      ).toEqual([...together, ...apart].map(({ traceId }) => traceId).sort());
    });
  });

  it('takes a traceparent that is none for none', async () => {
    const telemetry = await setUp.start();
    const traceIds = await Promise.all(
      ['', 'nonsense', '00-00000000000000000000000000000000-b7ad6b7169203331-01'].map((traceparent) =>
        telemetry.within({ name: 'x', kind: 'server', traceparent }, async () => report(telemetry).traceId),
      ),
    );
    for (const traceId of traceIds) expect(traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  });
});
