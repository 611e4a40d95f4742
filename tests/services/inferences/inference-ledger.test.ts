import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CreateInference, type Inference } from '../../../src/contract/inference.ts';
import { createAccessService } from '../../../src/services/access/create-access-service.ts';
import { chatAnswer } from '../../support/fake-vendor-answers.ts';
import { openService } from '../support/open-service.ts';

let t: Awaited<ReturnType<typeof openService>>;
beforeAll(async () => {
  t = await openService();
});
afterAll(() => t?.close());
beforeEach(() => t.fake.reset());

describe('the ledger', () => {
  it('holds exactly what was returned', async () => {
    const inference = await t.ask({
      provider: 'azure',
      model: 'prod',
      prompt: undefined,
      messages: [
        { role: 'system', content: 'Be brief.  ' },
        { role: 'user', content: 'Write to {{who}} 😀' },
      ],
      parameters: { temperature: 0.5, stop: ['\n'], maxOutputTokens: 50 },
      preprocessing: {
        variables: { who: 'ada@math.example' },
        collapseWhitespace: true,
        removePii: ['email'],
      },
      metadata: { run: 'nightly', index: 3, weight: 0.25, dry: false, note: null },
    });
    const [attempt] = await t.expectRecorded(inference);
    expect(inference).toMatchObject({
      outcome: 'ok',
      servedModel: 'prod-2026-01-01',
      text: 'Answer to: Write to [email] 😀',
      originalMessages: [{ content: 'Be brief.  ' }, { content: 'Write to {{who}} 😀' }],
      usage: { inputTokens: 11, cachedInputTokens: 4, outputTokens: 7, reasoningTokens: 0, estimated: false },
      // By the deployment's family, gpt-4o: (7 · 2.50 + 4 · 1.25 + 7 · 10) / 1,000,000
      costUsd: '0.0000925',
    });
    expect(inference.contentFilter?.length).toBeGreaterThan(0);
    expect(attempt).toMatchObject({ httpStatus: 200, costUsd: '0.0000925', rateLimit: expect.any(Object) });
    expect((await t.read(inference.id)).rawAnswer).toMatchObject({ object: 'chat.completion' });
  });

  it('has the run before the request reaches the provider', async () => {
    let seen: Promise<{ data: Inference[] }> | null = null;
    t.fake.script(() => {
      seen = t.repository.listInferences({ status: 'sending' }, { limit: 5 });
      return { body: chatAnswer('4'), latencyMs: 100 };
    });
    const inference = await t.ask();
    const sending = (await (seen as unknown as Promise<{ data: Inference[] }>)).data;
    expect(sending).toEqual([
      expect.objectContaining({ id: inference.id, status: 'sending', outcome: null }),
    ]);
    await t.expectRecorded(inference);
  });

  it('works for the provider without a wire, and keeps what is hard to store', async () => {
    t.fake.script({ body: chatAnswer('nul \u0000 and half \ud83d') });
    for (const inference of [await t.ask({ provider: 'echo', model: 'echo-1' }), await t.ask()]) {
      expect(inference.outcome).toBe('ok');
      await t.expectRecorded(inference);
    }
  });

  it('says which parameters a model refuses and was therefore not sent', async () => {
    const inference = await t.ask({
      provider: 'openai',
      model: 'o4-mini',
      parameters: { temperature: 0.5, seed: 7 },
    });
    await t.expectRecorded(inference);
    expect(inference.omittedParameters).toEqual(['temperature']);
    expect(inference.parameters).toMatchObject({ temperature: 0.5, seed: 7 });
    expect(t.fake.requests[0]?.body).not.toHaveProperty('temperature');
    expect((await t.ask({ provider: 'azure', model: 'prod' })).omittedParameters).toBeNull();
  });

  it('keeps 100 concurrent questions apart', async () => {
    const numbers = Array.from({ length: 100 }, (_, index) => index);
    const answers = await Promise.all(numbers.map((number) => t.ask({ prompt: `number ${number}?` })));
    expect(answers.map(({ text }) => text)).toEqual(numbers.map((number) => `Answer to: number ${number}?`));
    for (const inference of answers) expect((await t.read(inference.id)).inference).toEqual(inference);
  });
});

describe('refusals, replays and keys on the database', () => {
  it('stores nothing for what is refused', async () => {
    const before = await t.repository.countInferences({});
    await expect(t.ask({ provider: 'nobody' })).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(t.ask({ prompt: 'word '.repeat(2000) })).rejects.toMatchObject({ code: 'input_too_long' });
    expect(await t.repository.countInferences({})).toBe(before);
    expect(t.fake.requests).toHaveLength(0);
  });

  it('pays once for ten requests under one Idempotency-Key', async () => {
    const keyed = { ...t.caller, idempotencyKey: 'ten-at-once' };
    t.fake.script({ body: chatAnswer('Once.'), latencyMs: 1000 });
    const body = CreateInference.parse({ provider: 'openai', model: 'gpt-4o', prompt: 'Once?' });
    const settled = Promise.allSettled(Array.from({ length: 10 }, () => t.service.run(body, keyed)));
    while (t.fake.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(t.service.run(body, keyed)).rejects.toMatchObject({ code: 'idempotency_in_progress' });
    // A slow machine may look after the answer is there, and then it is the answer.
    for (const one of await settled) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'idempotency_in_progress' });
      else expect(one.value.inference.text).toBe('Once.');
    }
    expect((await settled).filter(({ status }) => status === 'fulfilled')).not.toHaveLength(0);
    expect(t.fake.requests).toHaveLength(1);
    const again = await t.service.run(body, keyed);
    expect(again).toMatchObject({ replayed: true, inference: { text: 'Once.' } });
    await expect(t.service.run({ ...body, prompt: 'Twice?' }, keyed)).rejects.toMatchObject({
      code: 'idempotency_mismatch',
    });
  });

  it('keeps keys and sessions', async () => {
    const adminKey = `sq_${'Z'.repeat(43)}`;
    const access = createAccessService({ repository: t.repository, adminKey: async () => adminKey });
    const admin = await access.authenticateKey(adminKey);
    expect(admin).toMatchObject({ owner: 'bootstrap', scopes: ['admin'] });
    const created = await access.createKey({ owner: 'ada', scopes: ['study:read'] });
    const { token, principal } = await access.openSession({ key: created.key });
    expect(await access.authenticateSession(token)).toEqual(principal);
    const rotated = await access.rotateKey(created.id, { graceSeconds: 0 });
    expect(await access.authenticateKey(created.key)).toBeNull();
    expect(await access.authenticateSession(token)).toBeNull();
    expect(await access.authenticateKey(rotated.key)).toMatchObject({ owner: 'ada', scopes: ['study:read'] });
    await access.revokeKey(admin?.apiKeyId ?? '');
    expect(
      await createAccessService({ repository: t.repository, adminKey: async () => adminKey }).authenticateKey(
        adminKey,
      ),
    ).toBeNull();
  });
});
