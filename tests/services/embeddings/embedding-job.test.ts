// Long because all cases share one database and one provider, which take longer to start than any case does.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createOpenAiProvider } from '../../../src/providers/openai.ts';
import { exampleRun } from '../../support/example-rows.ts';
import { type FakeProvider, type FakeRequest, startFakeProvider } from '../../support/fake-provider.ts';
import { errorAnswer } from '../../support/fake-vendor-answers.ts';
import { type OpenEmbeddings, openEmbeddings } from '../support/open-embeddings.ts';

const turn = { withinMs: 3_600_000, isJob: true, rest: 0 };
let open: OpenEmbeddings;
let fake: FakeProvider;
let serial = 0;
beforeAll(async () => {
  [open, fake] = await Promise.all([openEmbeddings(), startFakeProvider()]);
});
afterAll(async () => {
  await fake.close();
  await open.close();
});
beforeEach(() => fake.reset());

const inputs = ({ body }: FakeRequest): string[] => (body as { input: string[] }).input;
const asked = () => fake.requests.map(inputs);

/** A model of its own for each test, whose space is empty, though all prompts of the tests before wait for it too. */
const openModel = async (options: { dimensions?: number } = {}) => {
  serial += 1;
  const provider = createOpenAiProvider({
    name: 'openai',
    baseUrl: fake.baseUrls.openai,
    key: () => 'k',
    fetch,
  });
  const model = `fake-embedding-${serial}`;
  const openWorker = (more: Parameters<OpenEmbeddings['openProcess']>[0] = {}) =>
    open.openProcess({ provider, model, ...options, ...more });
  return { ...openWorker(), openWorker };
};

describe('the embedding job', () => {
  it('embeds each distinct prompt once, for whichever target it was asked, as it was sent', async () => {
    const { runner, search } = await openModel();
    const texts = Array.from({ length: 60 }, (_, place) => `${'x'.repeat(place % 7)} number ${place}`);
    await open.record(texts, { provider: 'one' });
    await open.record(texts.slice(0, 20), { provider: 'two' });
    await open.record(['sent'], { originalMessages: [{ role: 'user', content: 'given' }] });
    await open.inferences.insertRun(exampleRun());
    expect(await runner.runTurn(turn)).toEqual({ next: 'done', embedded: 61 });
    expect(asked().map((input) => input.length)).toEqual([50, 11]);
    expect(asked().flat().toSorted()).toEqual([...texts, 'sent'].toSorted());
    expect(fake.requests[0]?.body).not.toHaveProperty('dimensions');
    // What is done stays done.
    expect(await runner.runTurn(turn)).toEqual({ next: 'done', embedded: 0 });
    expect(fake.requests).toHaveLength(2);
    const calls = await open.calls();
    expect(calls.map(({ inputCount }) => inputCount)).toEqual([50, 11]);
    expect(calls[0]).toEqual({
      purpose: 'index',
      outcome: 'ok',
      inputCount: 50,
      inputTokens: 5,
      costUsd: '0.0000001',
      httpStatus: 200,
      providerRequestId: 'req-fake-1',
    });
    const { meaning } = await search.report();
    expect(meaning).toMatchObject({ status: 'ready', dimensions: 8, embedded: 61, pending: 0, refused: 0 });
  });

  it('lets any number of workers at it, and gives each other prompts', async () => {
    const { openWorker } = await openModel({ dimensions: 16 });
    const all = (await Promise.all([1, 2, 3].map(() => openWorker().runner.runTurn(turn)))).map(
      (done) => done.embedded,
    );
    const texts = asked().flat();
    expect(all.reduce((sum, count) => sum + count, 0)).toBe(texts.length);
    expect(new Set(texts).size).toBe(texts.length);
    expect(texts.length).toBe(61);
    expect(fake.requests[0]?.body).toMatchObject({ dimensions: 16 });
  });

  it('loses nothing to a worker that dies in a call, and pays for that call alone once more', async () => {
    const { repository, openWorker } = await openModel();
    const died = openWorker({
      repository: {
        ...repository,
        storeEmbeddings: async () => {
          throw new Error('killed');
        },
      },
    });
    await expect(died.runner.runTurn(turn)).rejects.toThrow('killed');
    expect(asked().map((input) => input.length)).toEqual([50]);
    const next = openWorker();
    // What the dead one holds is nobody's yet.
    expect((await next.runner.runTurn(turn)).embedded).toBe(11);
    open.clock.now += 11 * 60_000;
    expect(await next.service.tend()).toBe(50);
    expect(await next.runner.runTurn(turn)).toEqual({ next: 'done', embedded: 0 });
    expect(asked().flat()).toHaveLength(111);
    expect(new Set(asked().flat()).size).toBe(61);
    const outcomes = (await open.calls()).slice(-3).map(({ outcome }) => outcome);
    expect(outcomes.toSorted()).toEqual(['ok', 'ok', 'unknown_outcome']);
  });

  it('keeps to the limits that are set for its provider', async () => {
    const { openWorker } = await openModel();
    const { runner } = openWorker({ pace: open.paceOf({ openai: { requestsPerMinute: 20 } }) });
    const startedAt = open.clock.now;
    expect((await runner.runTurn(turn)).embedded).toBe(61);
    // Two calls, three seconds apart.
    expect(fake.requests).toHaveLength(2);
    expect(open.clock.now - startedAt).toBeGreaterThanOrEqual(3000);
    const { runner: late, search } = (await openModel()).openWorker({
      pace: open.paceOf({ openai: { requestsPerMinute: 1 } }),
    });
    // What has no turn soon is given back, and nothing was sent.
    expect((await late.runTurn(turn)).embedded).toBeLessThanOrEqual(50);
    expect(fake.requests.length).toBeLessThanOrEqual(3);
    await expect(search.search({ like: 'now', limit: 1 })).rejects.toMatchObject({
      code: 'embedding_unavailable',
      retryable: true,
    });
  });

  it('waits as long as a provider wishes, and asks nothing meanwhile', async () => {
    const { runner, search } = await openModel();
    fake.script(errorAnswer(429, { message: 'slow down' }, { 'retry-after': '90' }));
    expect(await runner.runTurn(turn)).toEqual({ next: 'done', embedded: 0 });
    expect(await runner.runTurn(turn)).toEqual({ next: 'done', embedded: 0 });
    expect(fake.requests).toHaveLength(1);
    expect(await search.report()).toMatchObject({
      blockedUntil: new Date(open.clock.now + 90_000).toISOString(),
      lastFailure: { code: 'rate_limited' },
    });
    await expect(search.search({ like: 'anything', limit: 1 })).resolves.toMatchObject({ data: [] });
    open.clock.now += 91_000;
    expect((await runner.runTurn(turn)).embedded).toBe(61);
    expect((await search.report()).blockedUntil).toBeNull();
  });

  it.each([
    ['an outage', errorAnswer(503, { message: 'down' })],
    ['a fault of theirs', errorAnswer(500, { message: 'oops' })],
    ['no JSON', { body: '<html>' }],
    ['too few vectors', { body: { data: [{ index: 0, embedding: [1, 0, 0, 0, 0, 0, 0, 0] }] } }],
    [
      'a vector without a direction',
      { body: { data: Array.from({ length: 50 }, (_, index) => ({ index, embedding: [0, 0] })) } },
    ],
    ['a cut connection', { ends: 'reset' as const }],
    ['a wrong key', errorAnswer(401, { message: 'who?' })],
    ['a request that it does not know', errorAnswer(400, { message: 'no such dimension' })],
  ])('comes through %s', async (_, fault) => {
    const { runner } = await openModel({ dimensions: 8 });
    fake.respondWith(fault);
    // In a minute it tries some times, not hundreds; nothing is given up.
    await runner.runTurn({ ...turn, withinMs: 60_000 });
    expect(fake.requests.length).toBeLessThan(20);
    expect(await open.refusals()).toEqual([]);
    fake.respondWith(null);
    let embedded = 0;
    for (let minute = 0; minute < 20; minute += 1) {
      open.clock.now += 60_000;
      embedded += (await runner.runTurn({ ...turn, withinMs: 50_000 })).embedded;
    }
    expect(embedded).toBe(61);
  });

  it('refuses vectors of another length than the others have', async () => {
    const { runner, search } = await openModel();
    fake.script({
      body: { data: Array.from({ length: 50 }, (_, index) => ({ index, embedding: [1, 2, 3] })) },
    });
    await runner.runTurn({ ...turn, withinMs: 1 });
    await runner.runTurn({ ...turn, withinMs: 60_000 });
    const report = await search.report();
    expect(report.meaning).toMatchObject({ dimensions: 3, embedded: 50 });
    expect(report.lastFailure).toMatchObject({
      code: 'bad_response',
      message: expect.stringContaining('of 8 dimensions'),
    });
    expect((await open.calls()).at(-1)).toMatchObject({ outcome: 'provider_error', costUsd: '0.0000001' });
  });

  it('finds the prompt that is refused for itself, marks it with the reason, and embeds all others', async () => {
    const { runner, search } = await openModel();
    await open.record(['   ', `filtered ${serial}`, `too long ${serial}`, `odd ${serial}`]);
    fake.respondWith((request) => {
      const texts = inputs(request);
      if (texts.some((text) => text.startsWith('filtered')))
        return errorAnswer(400, { message: 'stopped', code: 'content_filter' });
      if (texts.some((text) => text.startsWith('too long')))
        return errorAnswer(400, { message: 'maximum context length is 10 tokens' });
      if (texts.some((text) => text.startsWith('odd'))) return errorAnswer(400, { message: 'not like this' });
      return {
        body: {
          data: texts.map((_, index) => ({ index, embedding: [1, index, 0, 0] })),
          usage: { prompt_tokens: 9 },
        },
      };
    });
    expect((await runner.runTurn(turn)).embedded).toBe(61);
    // By halves: some calls for each, not one a prompt.
    expect(fake.requests.length).toBeLessThan(40);
    const refusals = (await open.refusals()).toSorted((a, b) => a.reason.localeCompare(b.reason));
    expect(refusals).toEqual([
      { reason: 'content_filter', text: `filtered ${serial}` },
      { reason: 'context_length', text: `too long ${serial}` },
      { reason: 'empty', text: '   ' },
      { reason: 'invalid_request', text: `odd ${serial}` },
    ]);
    const { meaning, refusals: counted } = await search.report();
    expect(meaning).toMatchObject({ embedded: 61, pending: 0, refused: 4, status: 'ready' });
    expect(counted).toHaveLength(4);
    await expect(search.search({ like: 'filtered', limit: 1 })).rejects.toMatchObject({
      code: 'invalid_request',
      faults: [{ pointer: '?like' }],
    });
  });

  it('cuts what is longer than the model takes, and says so', async () => {
    const { runner } = await openModel();
    await runner.runTurn(turn);
    fake.reset();
    const long = `long ${serial} ${'many words of it '.repeat(2600)}`;
    await open.record([long]);
    fake.script(errorAnswer(400, { message: 'x', code: 'context_length_exceeded' }));
    expect((await runner.runTurn(turn)).embedded).toBe(1);
    const [first = '', second = ''] = asked().flat();
    expect(long.startsWith(first) && first.startsWith(second)).toBe(true);
    expect(first.length).toBeGreaterThan(20_000);
    expect(second.length).toBeLessThan(first.length * 0.6);
  });

  it('gives a prompt up that fails alone again and again while others succeed', async () => {
    const { runner } = await openModel();
    const poison = `poison ${serial}`;
    await open.record([poison]);
    fake.respondWith((request) => {
      const texts = inputs(request);
      if (texts.includes(poison)) return errorAnswer(500, { message: 'crashed' });
      return { body: { data: texts.map((_, index) => ({ index, embedding: [1, index, 0, 0] })) } };
    });
    let embedded = 0;
    for (let hour = 0; hour < 20; hour += 1) {
      await open.record([`fresh ${serial} ${hour}`]);
      embedded += (await runner.runTurn({ ...turn, withinMs: 100_000 })).embedded;
      open.clock.now += 3_600_000;
    }
    expect(embedded).toBeGreaterThan(61);
    expect(await open.refusals()).toContainEqual({ reason: 'server_error', text: poison });
    // Alone it was asked a few times; before, it had company.
    expect(asked().filter((input) => input.includes(poison)).length).toBeLessThanOrEqual(9);
  });

  it('is started by the tick when more waits than a moment is enough for, and once', async () => {
    const { service, conductor, openWorker } = await openModel();
    fake.respondWith((request) => {
      open.clock.now += 2000;
      return { body: { data: inputs(request).map((_, index) => ({ index, embedding: [1, index, 0, 0] })) } };
    });
    expect(await service.tend()).toBeGreaterThanOrEqual(50);
    expect(conductor.startedEmbeddings).toEqual([{ spaceId: expect.any(Number), generation: 1 }]);
    const job = await openWorker().runner.runTurn({ ...turn, withinMs: 1000 });
    expect(job.next).toBe('again');
    const other = openWorker();
    await other.service.tend();
    expect(other.conductor.startedEmbeddings).toEqual([]);
  });
});
