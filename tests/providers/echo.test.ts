import { describe, expect, it } from '@jest/globals';
import { createEchoProvider } from '../../src/providers/echo.ts';
import { ask, collect, failureOf } from './provider-suite.ts';

const question = (content: string, parameters = {}) =>
  ask('echo', { messages: [{ role: 'user', content }], parameters: { maxOutputTokens: 100, ...parameters } });

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, place) => sum + value * (b[place] ?? 0), 0);

describe('echo', () => {
  it('gives the same answer in another instance, another one to another question, model or seed', async () => {
    const first = await createEchoProvider({ name: 'echo' }).complete(question('Why?'));
    const again = await createEchoProvider({ name: 'other' }).complete(question('Why?'));
    expect(again).toEqual(first);
    const texts = await Promise.all(
      [question('Why not?'), question('Why?', { seed: 1 }), { ...question('Why?'), model: 'echo-2' }].map(
        async (request) => (await createEchoProvider({ name: 'echo' }).complete(request)).text,
      ),
    );
    expect(new Set([first.text, ...texts]).size).toBe(4);
  });

  it('honours maxOutputTokens, the configured length and stop sequences', async () => {
    const echo = createEchoProvider({ name: 'echo', outputTokens: 30 });
    const whole = await echo.complete(question('Tell me.'));
    expect(whole).toMatchObject({ finishReason: 'stop', usage: { outputTokens: 30 } });
    const cut = await echo.complete(question('Tell me.', { maxOutputTokens: 4 }));
    expect(cut).toMatchObject({ finishReason: 'length', usage: { outputTokens: 4 } });
    expect(cut.text.split(/\s+/)).toHaveLength(4);
    const stopped = await echo.complete(question('Tell me.', { stop: ['me'] }));
    expect(stopped).toMatchObject({ text: 'Echo: Tell', finishReason: 'stop' });
  });

  it('takes no longer for a question that is mostly white space', async () => {
    const startedAt = performance.now();
    const asked = question(`Why?${' '.repeat(100_000)}`);
    expect((await createEchoProvider({ name: 'echo' }).complete(asked)).usage.inputTokens).toBe(1);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('answers JSON when asked to', async () => {
    const echo = createEchoProvider({ name: 'echo' });
    const answer = await echo.complete(question('Say "hi"', { responseFormat: { type: 'json_object' } }));
    expect(JSON.parse(answer.text)).toEqual({ answer: expect.stringContaining('Say "hi"') });
  });

  it('keeps line breaks of the question', async () => {
    const { text } = await createEchoProvider({ name: 'echo' }).complete(question('one\n\n  two'));
    expect(text).toContain('Echo: one\n\n  two');
  });

  it('takes its time: latency plus jitter that depends on the question', async () => {
    const echo = createEchoProvider({ name: 'echo', latencyMs: 30, latencyJitterMs: 20 });
    const started = performance.now();
    await echo.complete(question('How long?'));
    expect(performance.now() - started).toBeGreaterThanOrEqual(28);
    const streaming = performance.now();
    await collect(echo.stream(question('How long?')));
    expect(performance.now() - streaming).toBeGreaterThanOrEqual(28);
  });

  it('fails the share of calls it is told to, each in its way, the same ones every time', async () => {
    const options = { name: 'echo', failureRate: 0.2, rateLimitRate: 0.2, filterRate: 0.2 };
    const run = async () => {
      const echo = createEchoProvider(options);
      return Promise.all(
        Array.from({ length: 400 }, (_, number) =>
          echo.complete(question(`question ${number}`)).then(
            () => 'ok',
            (error: { kind: string }) => error.kind,
          ),
        ),
      );
    };
    const kinds = await run();
    for (const kind of ['server_error', 'rate_limited', 'content_filter']) {
      const share = kinds.filter((found) => found === kind).length / kinds.length;
      expect(share).toBeGreaterThan(0.1);
      expect(share).toBeLessThan(0.3);
    }
    expect(await run()).toEqual(kinds);
  });

  it('may answer when asked again, but a filter stays', async () => {
    const flaky = createEchoProvider({ name: 'echo', rateLimitRate: 0.5 });
    const outcomes = new Set<string>();
    for (let ask = 0; ask < 30; ask++) {
      outcomes.add(
        await flaky.complete(question('Again?')).then(
          () => 'ok',
          (error) => error.kind,
        ),
      );
    }
    expect(outcomes).toEqual(new Set(['ok', 'rate_limited']));
    const filter = createEchoProvider({ name: 'echo', filterRate: 1 });
    for (let ask = 0; ask < 3; ask++) {
      const error = await failureOf(filter.complete(question('Again?')));
      expect(error).toMatchObject({ kind: 'content_filter', retryable: false, httpStatus: 400 });
    }
  });

  it('tells how long to wait when it limits', async () => {
    const limited = createEchoProvider({ name: 'echo', rateLimitRate: 1 });
    expect(await failureOf(limited.complete(question('Now?')))).toMatchObject({
      kind: 'rate_limited',
      retryable: true,
      retryAfterMs: 50,
    });
    expect((await failureOf(collect(limited.stream(question('Now?'))))).kind).toBe('rate_limited');
  });

  it('embeds with length 1, near for shared words, far for others', async () => {
    const input = ['the cat sat on the mat', 'a cat sat on a mat', 'quarterly revenue forecast', '', '…'];
    const embedded = await createEchoProvider({ name: 'echo' }).embed?.({
      model: 'e',
      input,
      timeoutMs: 1000,
    });
    const vectors = embedded?.vectors ?? [];
    expect(vectors.map((vector) => vector.length)).toEqual([256, 256, 256, 256, 256]);
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 10);
    const [cat = [], sameCat = [], revenue = []] = vectors;
    expect(dot(cat, sameCat)).toBeGreaterThan(0.5);
    expect(Math.abs(dot(cat, revenue))).toBeLessThan(0.3);
  });
});
