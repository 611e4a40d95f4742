import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ProviderLimit } from '../../src/services/calls/provider-pace.ts';
import { countMessageTokens } from '../../src/services/prompts/count-tokens.ts';
import {
  type BatchDatabase,
  openBatchDatabase,
  questionsOf,
} from '../services/support/open-batch-services.ts';
import { mostAtOnce, mostInWindow, quantile } from '../support/call-windows.ts';
import { type FakeProvider, type FakeRequest, startFakeProvider } from '../support/fake-provider.ts';
import { errorAnswer, vendorAnswer } from '../support/fake-vendor-answers.ts';

type Call = { from: number; to: number; tokens: number; refused: boolean };

let database: BatchDatabase;
let fake: FakeProvider;
let calls: Call[];
let refuses: (request: FakeRequest) => boolean;
const latencyMs = 20;

/** The provider's own log: when a call arrived, and when its answer left. */
const logCall = (request: FakeRequest) => {
  const { messages, max_tokens, max_completion_tokens } = request.body as {
    messages: { content: string }[];
    max_tokens?: number;
    max_completion_tokens?: number;
  };
  const from = performance.now();
  const refused = refuses(request);
  const call = { from, to: from + latencyMs, tokens: max_completion_tokens ?? max_tokens ?? 0, refused };
  calls.push(call);
  void countMessageTokens(messages).then((count) => {
    call.tokens += count;
  });
  return {
    ...(refused ? errorAnswer(429, { message: 'too many requests' }) : vendorAnswer(request)),
    latencyMs,
  };
};

beforeAll(async () => {
  [database, fake] = await Promise.all([openBatchDatabase(), startFakeProvider({ record: false })]);
  fake.respondWith(logCall);
  calls = [];
  refuses = () => false;
  // What the first call of a process has to load would hold up the first second's calls.
  const { t, targets } = open({});
  await t.run({ targets }, questionsOf(20));
});
afterAll(async () => {
  await database?.close();
  await fake?.close();
});
beforeEach(() => {
  calls = [];
  refuses = () => false;
});

afterEach(() => database.closeProcesses());

let opened = 0;
/** Two processes over one provider with these limits. */
const open = (limit: ProviderLimit) => {
  opened += 1;
  const name = `limited-${opened}`;
  const t = database.open(
    {
      providers: [{ kind: 'compatible', name, baseUrl: fake.baseUrls.compatible, key: null }],
      providerLimits: { [name]: limit },
    },
    2,
  );
  return { t, name, targets: [{ provider: name, model: 'm' }] };
};
const moments = () => calls.map(({ from }) => ({ at: from, weight: 1 }));
const span = () =>
  (Math.max(...calls.map(({ from }) => from)) - Math.min(...calls.map(({ from }) => from))) / 1000;

describe('two processes at one provider', () => {
  it('keep its 600 requests a minute together, and use them', async () => {
    const { t, targets } = open({ requestsPerMinute: 600 });
    const batch = await t.run({ targets, concurrency: 32 }, questionsOf(80));
    expect(batch.counts.outcomes.ok).toBe(80);
    expect(calls).toHaveLength(80);
    const inSixSeconds = mostInWindow(moments(), 6000);
    const perSecond = 80 / span();
    process.stdout.write(
      `requests: ${perSecond.toFixed(2)}/s of 10/s, most in 6 s ${inSixSeconds}, in 1 s ${mostInWindow(moments(), 1000)}\n`,
    );
    // Ten a second, a quarter of a second's worth at once, as much by lateness, two hundredths for the rest.
    expect(inSixSeconds).toBeLessThanOrEqual((60 + 2.5 + 2.5) * 1.02);
    expect(mostInWindow(moments(), 1000)).toBeLessThanOrEqual(10 + 5 + 1);
    expect(perSecond).toBeGreaterThan(9);
    // Both took part.
    for (const { logger } of t.processes) {
      expect(logger.lines.some(({ message, asked }) => message === 'batch lane' && Number(asked) > 10)).toBe(
        true,
      );
    }
  });

  it('keep its tokens a minute together, by what calls may come to', async () => {
    const { t, targets } = open({ tokensPerMinute: 120_000 });
    const items = questionsOf(120).map((item, index) => ({
      ...item,
      parameters: { maxOutputTokens: 20 + (index % 7) * 30 },
    }));
    const batch = await t.run({ targets, concurrency: 32 }, items);
    expect(batch.counts.outcomes.ok).toBe(120);
    const tokens = calls.map(({ from, tokens: weight }) => ({ at: from, weight }));
    const total = tokens.reduce((sum, { weight }) => sum + weight, 0);
    const largest = Math.max(...tokens.map(({ weight }) => weight));
    process.stdout.write(
      `tokens: ${(total / span()).toFixed(0)}/s of 2000/s, most in 3 s ${mostInWindow(tokens, 3000)}\n`,
    );
    expect(mostInWindow(tokens, 3000)).toBeLessThanOrEqual(3 * 2000 * 1.02 + 1000 + largest);
    expect(total / span()).toBeGreaterThan(1600);
  });

  it('keep its calls at once together, and use them', async () => {
    const { t, targets } = open({ concurrency: 6 });
    const batch = await t.run({ targets, concurrency: 64 }, questionsOf(300));
    expect(batch.counts.outcomes.ok).toBe(300);
    process.stdout.write(`calls at once: ${mostAtOnce(calls)} of 6, ${(300 / span()).toFixed(0)}/s\n`);
    expect(mostAtOnce(calls)).toBeLessThanOrEqual(6);
    expect(mostAtOnce(calls)).toBeGreaterThanOrEqual(5);
  });
});

describe('a provider that refuses calls as too many', () => {
  it('is asked half as fast from then on, and as before two minutes later', async () => {
    const { t, targets, name } = open({ requestsPerMinute: 1800 });
    let refusedAt = 0;
    refuses = () => {
      if (refusedAt > 0 || calls.length < 60) return false;
      refusedAt = performance.now();
      return true;
    };
    const batch = await t.run({ targets, concurrency: 32 }, questionsOf(110));
    expect(batch.counts.outcomes.ok).toBe(110);
    const rate = (from: number, to: number) =>
      calls.filter((call) => call.from >= from && call.from < to).length / ((to - from) / 1000);
    const before = rate(refusedAt - 1300, refusedAt - 100);
    const after = rate(refusedAt + 500, refusedAt + 2000);
    process.stdout.write(`pace: ${before.toFixed(1)}/s, after a 429 ${after.toFixed(1)}/s\n`);
    expect(before).toBeGreaterThan(24);
    expect(after).toBeLessThan(0.65 * before);
    expect(after).toBeGreaterThan(0.35 * before);
    const paceIn = async (seconds: number): Promise<number> => {
      const now = new Date(Date.now() + seconds * 1000);
      const request = {
        provider: name,
        requestsPerMinute: 1800,
        tokensPerMinute: null,
        maxWaitMs: 60_000,
        now,
      };
      const sent = await t.repository.takeRate({ ...request, calls: Array(100).fill(0) });
      const times = sent.flatMap((one) => ('sendAt' in one ? [one.sendAt.getTime()] : []));
      return 50 / (((times[99] ?? 0) - (times[49] ?? 0)) / 1000);
    };
    expect(await paceIn(30)).toBeGreaterThan(before * 0.65);
    expect(await paceIn(180)).toBeCloseTo(30, 0);
  });

  it('is found to take eight at once where nobody said so, without much being refused', async () => {
    const { t, targets } = open({});
    let underWay = 0;
    refuses = () => {
      if (underWay >= 8) return true;
      underWay += 1;
      setTimeout(() => {
        underWay -= 1;
      }, latencyMs);
      return false;
    };
    const batch = await t.run({ targets, concurrency: 32 }, questionsOf(400));
    expect(batch.counts.outcomes.ok).toBe(400);
    const refusals = calls.filter(({ refused }) => refused).length;
    process.stdout.write(
      `learned limit: ${refusals} refusals in ${calls.length} calls, ${(400 / span()).toFixed(0)}/s of 400/s\n`,
    );
    expect(refusals / calls.length).toBeLessThan(0.25);
  });
});

it('a single question waits for no more than about a second behind a batch that is held back', async () => {
  const { t, targets, name } = open({ requestsPerMinute: 1200 });
  const id = await t.post({ targets, concurrency: 64 }, questionsOf(400));
  const waits: number[] = [];
  await new Promise((resolve) => setTimeout(resolve, 1000));
  for (let index = 0; index < 25; index += 1) {
    const startedAt = performance.now();
    const { inference } = await t.inferenceService.run(
      { provider: name, model: 'm', prompt: `Single ${index}?` },
      { requestId: null, apiKeyId: null },
    );
    waits.push(performance.now() - startedAt - latencyMs);
    expect(inference.outcome).toBe('ok');
  }
  const { counts } = await t.batchService.get(id);
  await t.batchService.cancel(id);
  await t.lanes.idle();
  process.stdout.write(
    `single question beside a batch: wait p50 ${quantile(waits, 0.5).toFixed(0)} ms, p95 ${quantile(waits, 0.95).toFixed(0)} ms\n`,
  );
  expect(quantile(waits, 0.95)).toBeLessThan(1000);
  // And the batch went on.
  expect(counts.outcomes.ok).toBeGreaterThan(40);
  expect(counts.pending).toBeGreaterThan(100);
});
