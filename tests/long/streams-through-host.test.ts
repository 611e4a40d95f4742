import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { createApiClient } from '../../cli/api-client.ts';
import type { InferenceEvent } from '../../src/contract/inference-event.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { chatChunk, sse } from '../support/fake-vendor-answers.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const words = Array.from({ length: 10 }, (_, index) => `word-${index} `);
const spoken = words.map((content) => sse(chatChunk({ content })));
const whole = [...spoken, sse(chatChunk({}, 'stop')), sse('[DONE]')];
const question = { provider: 'fake', model: 'm', prompt: 'Say ten words.' };
/** How long the fake takes for its ten words and its end, in ms. */
const gapMs = 60;
const answerMs = gapMs * whole.length;
/** For a machine that does other things as well. */
const toleranceMs = 300;

describe('streamed inferences through the built app', () => {
  let database: TestDatabase;
  let provider: FakeProvider;
  let first: RunningApp;
  let second: RunningApp;

  beforeAll(async () => {
    [database, provider] = await Promise.all([createTestDatabase(), startFakeProvider()]);
    const fake = { name: 'fake', baseUrl: provider.baseUrls.compatible };
    const settings = { SQ_COMPATIBLE_PROVIDERS: JSON.stringify([fake]) };
    first = await startApp(database.url, settings);
    second = await startApp(database.url, { ...settings, SQ_HTTP_STREAM: 'false' });
    // What the first request loads is no part of a measurement.
    await Promise.all([first, second].map((app) => app.post('/api/v1/inferences', question)));
  }, 60_000);
  afterEach(() => provider.reset());
  afterAll(async () => {
    await first?.host.stop();
    await second?.host.stop();
    await provider?.close();
    await database?.drop();
  });

  const clientOf = (app: RunningApp) => createApiClient({ url: app.host.url, key: app.adminKey });
  /** Every event with its moment, in ms since the question was sent. */
  const listen = async (app: RunningApp, onEvent: (event: InferenceEvent) => void = () => undefined) => {
    const startedAt = performance.now();
    const events: { event: InferenceEvent; atMs: number }[] = [];
    for await (const event of clientOf(app).streamInference(question)) {
      events.push({ event, atMs: performance.now() - startedAt });
      onEvent(event);
    }
    return events;
  };
  const momentsOf = (events: Awaited<ReturnType<typeof listen>>) => {
    const atMs = (type: string) => events.find(({ event }) => event.type === type)?.atMs ?? Number.NaN;
    return { startMs: atMs('start'), deltaMs: atMs('delta'), endMs: atMs('end') };
  };
  const endOf = (events: Awaited<ReturnType<typeof listen>>) => {
    const last = events.at(-1)?.event;
    if (last?.type !== 'end') throw new Error(`the last event is ${last?.type}`);
    return last.data;
  };

  it('hand the first token on as it arrives', async () => {
    provider.script({ chunks: whole, chunkGapMs: gapMs });
    const events = await listen(first);
    const { deltaMs, endMs } = momentsOf(events);
    expect(endMs - deltaMs).toBeGreaterThan(answerMs / 2);
    expect(endMs).toBeGreaterThan(answerMs - gapMs);
    const deltas = events.flatMap(({ event }) => (event.type === 'delta' ? [event.data.text] : []));
    expect(deltas).toEqual(words);
    const end = endOf(events);
    expect(end).toMatchObject({ outcome: 'ok', text: words.join('') });
    const { attempts: _attempts, rawAnswer: _raw, ...recorded } = await clientOf(first).getInference(end.id);
    expect(recorded).toEqual(end);
    expect(Number(end.latencyMs) - Number(end.firstTokenMs)).toBeGreaterThan(answerMs / 2);
    expect(await first.host.warnings()).toEqual([]);
  });

  it('arrive in one piece at the end where streaming is off', async () => {
    provider.script({ chunks: whole, chunkGapMs: gapMs });
    const events = await listen(second);
    const { startMs, endMs } = momentsOf(events);
    expect(startMs).toBeGreaterThan(answerMs - gapMs);
    expect(endMs - startMs).toBeLessThan(answerMs / 2);
    expect(events.map(({ event }) => event.type)).toEqual(['start', ...words.map(() => 'delta'), 'end']);
    const { latencyMs, firstTokenMs } = endOf(events);
    expect(Number(latencyMs) - Number(firstTokenMs)).toBeGreaterThan(answerMs / 2);
    expect(await second.host.warnings()).toEqual([]);
  });

  it('are stopped by another instance within half a second, and the provider sees the client leave', async () => {
    const seenMs: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      provider.reset();
      provider.script({ chunks: spoken, ends: 'never' });
      const stopped = Promise.withResolvers<number>();
      const listening = listen(first, (event) => {
        if (event.type !== 'start') return;
        const askedAt = performance.now();
        clientOf(second)
          .cancelInference(event.data.inferenceId)
          .then(() => stopped.resolve(askedAt), stopped.reject);
      });
      const askedAt = await stopped.promise;
      while (provider.requests[0]?.clientLeft !== true)
        await new Promise((resolve) => setTimeout(resolve, 5));
      seenMs.push(Math.round(performance.now() - askedAt));
      const end = endOf(await listening);
      expect(end).toMatchObject({ outcome: 'cancelled', text: words.join('') });
      expect(end.cancelRequestedAt).not.toBeNull();
    }
    expect(Math.max(...seenMs)).toBeLessThan(500 + toleranceMs);
  });

  it('run fifty at once, each with its own answer, and leave no listeners', async () => {
    const ask = async (index: number) => {
      const heard: string[] = [];
      const asked = { provider: 'echo', model: 'echo-1', prompt: `Question ${index}` };
      for await (const event of clientOf(first).streamInference(asked)) {
        if (event.type === 'delta') heard.push(event.data.text);
        if (event.type === 'end') return { text: event.data.text, heard: heard.join('') };
      }
      throw new Error('no end');
    };
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => ask(index)));
    expect(answers.every(({ text, heard }) => text === heard)).toBe(true);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(50);
    expect(first.lines.filter((line) => line.includes('MaxListeners'))).toEqual([]);
    expect(await first.host.warnings()).toEqual([]);
  }, 30_000);

  it('go on when their client leaves, and are recorded', async () => {
    provider.script({ chunks: whole, chunkGapMs: gapMs });
    let id = '';
    for await (const event of clientOf(first).streamInference(question)) {
      if (event.type === 'start') id = event.data.inferenceId;
      if (event.type === 'delta') break;
    }
    expect((await clientOf(first).getInference(id)).status).toBe('sending');
    await new Promise((resolve) => setTimeout(resolve, answerMs + toleranceMs));
    const recorded = await clientOf(first).getInference(id);
    expect(recorded).toMatchObject({ status: 'settled', outcome: 'ok', text: words.join('') });
  });

  it('leave a row `sending` when their process dies, which the sweep turns into unknown_outcome', async () => {
    const fake = { name: 'fake', baseUrl: provider.baseUrls.compatible };
    const settings = { SQ_COMPATIBLE_PROVIDERS: JSON.stringify([fake]) };
    const doomed = await startApp(database.url, settings);
    provider.script({ chunks: spoken, ends: 'never' });
    const started = Promise.withResolvers<string>();
    const listening = listen(doomed, (event) => {
      if (event.type === 'start') started.resolve(event.data.inferenceId);
    }).catch((error: Error) => error.name);
    const id = await started.promise;
    await doomed.host.kill();
    expect(await listening).toBe('ConnectionError');
    expect((await clientOf(first).getInference(id)).status).toBe('sending');
    // Stopping it is a wish that nobody hears; the record says both.
    await clientOf(first).cancelInference(id);
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query("update inference_runs set lease_until = now() - interval '1 s' where id = $1", [id]);
    await client.end();
    await first.send('/api/v1/tick', { method: 'POST' });
    const recorded = await clientOf(first).getInference(id);
    expect(recorded).toMatchObject({ outcome: 'unknown_outcome', detail: 'lease_expired', costUsd: null });
    expect(recorded.cancelRequestedAt).not.toBeNull();
  }, 30_000);
});
