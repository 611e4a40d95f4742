import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/errors.ts';
import { createEchoProvider } from '../../../src/providers/echo.ts';
import type { Provider, StreamEvent } from '../../../src/providers/provider.ts';
import { createAskAndRecord } from '../../../src/services/calls/ask-and-record.ts';
import type { Admit } from '../../../src/services/calls/ask-provider.ts';
import type { PreparedQuestion } from '../../../src/services/calls/prepare-question.ts';
import { createProviderPace } from '../../../src/services/calls/provider-pace.ts';
import { longestStreamMs } from '../../../src/services/inferences/streamed-run.ts';
import { noTelemetry } from '../../../src/telemetry/no-telemetry.ts';
import type { GenerationFacts, Telemetry } from '../../../src/telemetry/telemetry.ts';
import { answerOf } from '../support/answers.ts';
import { createMemoryLogger } from '../support/memory-logger.ts';
import { createMemoryRepository } from '../support/memory-repository.ts';
import { caller, question, setUpService, startedAt } from '../support/set-up-service.ts';

type Asking = { provider?: Provider; admit?: Admit; deadlineMs?: number; maxAttempts?: number };

const asked = (provider: Provider): PreparedQuestion => ({
  provider,
  model: null,
  messages: [{ role: 'user', content: 'What is two and two?' }],
  originalMessages: null,
  parameters: { maxOutputTokens: 100 },
});

/** Asks a question that is heard, and may be stopped. */
const setUp = ({ provider = createEchoProvider({ name: 'echo' }), ...asking }: Asking = {}) => {
  const { repository, runs } = createMemoryRepository();
  const logger = createMemoryLogger();
  const generations: GenerationFacts[] = [];
  const measured: string[] = [];
  const telemetry: Telemetry = {
    ...noTelemetry,
    measures: true,
    openTrace: () => ({ traceId: 'a'.repeat(32), parentSpanId: null }),
    generation: (_trace, facts) => void generations.push(facts),
    measure: (name) => void measured.push(name),
  };
  const stop = new AbortController();
  const heard: string[] = [];
  const ask = createAskAndRecord({ repository, logger, telemetry, leaseGraceMs: 30_000 });
  const recorded = ask(
    {
      model: 'm',
      question: asked(provider),
      preprocessing: null,
      metadata: {},
      requestId: null,
      apiKeyId: null,
      batchId: null,
      startedAt: Date.now(),
      deadlineMs: 5000,
      maxAttempts: 3,
      listener: { signal: stop.signal, onDelta: (text) => heard.push(text) },
      ...asking,
    },
    { begin: (run) => repository.insertRun(run).then(() => true), settle: repository.settleRun },
  );
  return { recorded, stop, heard, runs, logger, generations, measured };
};
const streaming = (stream: Provider['stream'], more: Partial<Provider> = {}): Provider => ({
  ...createEchoProvider({ name: 'odd' }),
  ...more,
  stream,
});
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a streamed question', () => {
  it('waits for its turn before it is sent, which is no part of its times', async () => {
    let isDone = false;
    const admit = async () => {
      await pause(100);
      return () => {
        isDone = true;
      };
    };
    const provider = createEchoProvider({ name: 'echo', latencyMs: 40 });
    const { recorded, heard } = setUp({ provider, admit });
    await pause(50);
    expect(heard).toEqual([]);
    const settlement = (await recorded)?.settlement;
    expect(settlement).toMatchObject({ outcome: 'ok', text: heard.join('') });
    expect(settlement?.firstTokenMs).toBeLessThan(90);
    expect(settlement?.firstTokenMs).toBeGreaterThanOrEqual(Number(settlement?.lastAttempt.firstTokenMs));
    expect(isDone).toBe(true);
  });

  it('stopped while it waits for its turn is never sent and costs nothing, and a turn that comes later is given back', async () => {
    let isDone = false;
    const turn = Promise.withResolvers<() => void>();
    const { recorded, stop, heard } = setUp({ admit: () => turn.promise });
    stop.abort();
    const settlement = (await recorded)?.settlement;
    expect(settlement).toMatchObject({ outcome: 'cancelled', costUsd: '0', attemptCount: 1, text: null });
    expect(heard).toEqual([]);
    turn.resolve(() => {
      isDone = true;
    });
    await pause(0);
    expect(isDone).toBe(true);
  });

  it('stopped while its turn is far ahead leaves no timer that waits for it', async () => {
    const notAsked = async (): Promise<never> => {
      throw new Error('not part of this fake');
    };
    const takeRate = async () => [{ sendAt: new Date(Date.now() + 60_000) }];
    const pace = createProviderPace({
      limits: { echo: { requestsPerMinute: 1 } },
      repository: { takeRate, holdSlots: notAsked, releaseSlots: notAsked, slowProvider: notAsked },
    });
    const admit = await pace.takeTurn(asked(createEchoProvider({ name: 'echo' })), Date.now() + 120_000);
    if (admit === undefined) throw new Error('the provider is not limited');
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const { recorded, stop } = setUp({ admit });
    await pause(10);
    stop.abort();
    expect((await recorded)?.settlement).toMatchObject({ outcome: 'cancelled', costUsd: '0' });
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it('whose turn does not come is recorded as not sent', async () => {
    const settlement = (await setUp({ admit: async () => null, maxAttempts: 1 }).recorded)?.settlement;
    expect(settlement).toMatchObject({ detail: 'overloaded', costUsd: '0', firstTokenMs: null });
  });

  it('is told to telemetry as any other, with the moment of its first token', async () => {
    const provider = createEchoProvider({ name: 'echo', latencyMs: 40 });
    const { recorded, generations, measured } = setUp({ provider });
    const settlement = (await recorded)?.settlement;
    const { startedAt: askedAt, firstTokenAt, endedAt } = generations[0] ?? {};
    expect(generations).toHaveLength(1);
    expect(firstTokenAt?.getTime()).toBe(Number(askedAt?.getTime()) + Number(settlement?.firstTokenMs));
    expect(firstTokenAt?.getTime()).toBeLessThan(Number(endedAt?.getTime()));
    expect(measured).toContain('sq.inference.first_token');
  });

  it('has no time of a first token where the provider can only answer whole', async () => {
    const whole = async function* (): AsyncGenerator<StreamEvent> {
      yield { type: 'delta', text: 'Paris.' };
      yield { type: 'end', answer: answerOf() };
    };
    const capabilities = { ...createEchoProvider({ name: 'odd' }).capabilities, stream: false };
    const { recorded, heard } = setUp({ provider: streaming(whole, { capabilities }) });
    expect((await recorded)?.settlement).toMatchObject({ text: 'Paris.', firstTokenMs: null });
    expect(heard).toEqual(['Paris.']);
  });

  it('ends though its provider does not, and hears nothing of it afterwards', async () => {
    const late = Promise.withResolvers<void>();
    const endless = async function* (): AsyncGenerator<StreamEvent> {
      yield { type: 'delta', text: 'Par' };
      await late.promise;
      yield { type: 'delta', text: 'is.' };
    };
    const { recorded, heard } = setUp({ provider: streaming(endless), deadlineMs: 100 });
    expect((await recorded)?.settlement).toMatchObject({ outcome: 'timeout', text: 'Par', attemptCount: 1 });
    late.resolve();
    await pause(5);
    expect(heard).toEqual(['Par']);
  });

  it('of a provider that breaks its word is a recorded failure, and a line of the log', async () => {
    const unfinished = async function* (): AsyncGenerator<StreamEvent> {
      yield { type: 'delta', text: 'Par' };
    };
    const { recorded, logger } = setUp({ provider: streaming(unfinished) });
    expect((await recorded)?.settlement).toMatchObject({ detail: 'bad_response', text: 'Par' });
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'provider code failed' }),
    );
  });

  it('that failed inside its stream after a word costs what had arrived, whatever the failure is called', async () => {
    const limited = async function* (): AsyncGenerator<StreamEvent> {
      yield { type: 'delta', text: 'Par' };
      throw new ProviderError('rate_limited', 'too much', { provider: 'odd', retryable: true });
    };
    const { recorded } = setUp({ provider: streaming(limited) });
    const settlement = (await recorded)?.settlement;
    expect(settlement).toMatchObject({
      text: 'Par',
      usage: { estimated: true },
      attemptCount: 1,
      costUsd: null,
    });
  });

  it('leaves no listener on the signal that may stop it', async () => {
    const failing = createEchoProvider({ name: 'echo', latencyMs: 5, rateLimitRate: 0.5 });
    const all = Array.from({ length: 100 }, () => setUp({ provider: failing, maxAttempts: 5 }));
    const outcomes = await Promise.all(all.map(({ recorded }) => recorded));
    expect(outcomes.some((outcome) => outcome?.settlement.attemptCount !== 1)).toBe(true);
    expect(all.flatMap(({ stop }) => getEventListeners(stop.signal, 'abort'))).toEqual([]);
  });

  it('lasts seven minutes at most, and its lease ends before the platform ends the stream', async () => {
    const t = setUpService();
    const listener = { onStart: () => undefined, onDelta: () => undefined };
    await t.service.run({ ...question, deadlineMs: 480_000 }, caller, listener);
    const { run } = t.onlyRun();
    expect(run.leaseUntil.getTime() - startedAt).toBe(longestStreamMs + 30_000);
    expect(longestStreamMs + 30_000).toBeLessThan(8 * 60_000);
    expect(run.streamed).toBe(true);
  });
});
