import { beforeEach, describe, expect, it } from '@jest/globals';
import { answerOf } from '../support/answers.ts';
import { caller, question, refusalOf, setUpService } from '../support/set-up-service.ts';

let t: ReturnType<typeof setUpService>;
beforeEach(() => {
  t = setUpService();
});

describe('Idempotency-Key', () => {
  const keyed = { ...caller, idempotencyKey: 'order-17' };

  it('answers the same request again from the record', async () => {
    const first = await t.service.run(question, keyed);
    const again = await t.service.run({ ...question }, { ...keyed, requestId: 'request-2' });
    expect(again).toEqual({ ...first, replayed: true });
    expect(t.requests).toHaveLength(1);
  });

  it('refuses another request under the same key', async () => {
    await t.service.run(question, keyed);
    const error = await refusalOf(t.service.run({ ...question, prompt: 'Another?' }, keyed));
    expect(error.code).toBe('idempotency_mismatch');
    expect(t.runs.size).toBe(1);
  });

  it('says in progress while the first is running', async () => {
    const gate = Promise.withResolvers<void>();
    t.next(() => gate.promise.then(() => answerOf()));
    const first = t.service.run(question, keyed);
    const error = await refusalOf(t.service.run(question, keyed));
    expect(error).toMatchObject({ code: 'idempotency_in_progress', retryable: true, retryAfterMs: 1000 });
    gate.resolve();
    await first;
    expect((await t.service.run(question, keyed)).replayed).toBe(true);
  });

  it('belongs to its caller', async () => {
    await t.service.run(question, keyed);
    expect((await t.service.run(question, { ...keyed, apiKeyId: 'key-2' })).replayed).toBe(false);
  });

  it.each(['', 'a b', 'ü', 'x'.repeat(256), 'tab\t'])('must be visible ASCII: %j', async (idempotencyKey) => {
    const error = await refusalOf(t.service.run(question, { ...caller, idempotencyKey }));
    expect(error).toMatchObject({ code: 'invalid_request', faults: [{ pointer: 'Idempotency-Key' }] });
    expect(t.calls).toEqual([]);
  });
});

describe('shareIdentical', () => {
  const sharing = { ...question, shareIdentical: true };
  const sharedFlags = async (...runs: ReturnType<typeof t.service.run>[]) =>
    (await Promise.all(runs)).map(({ shared }) => shared);

  it('lets identical questions under way share one call', async () => {
    const flags = await sharedFlags(t.service.run(sharing, caller), t.service.run({ ...sharing }, caller));
    expect(flags).toEqual([false, true]);
    expect(t.requests).toHaveLength(1);
    expect((await t.service.run(sharing, caller)).shared).toBe(false);
    expect(t.requests).toHaveLength(2);
  });

  it('shares with nobody who did not ask, asks otherwise, or is someone else', async () => {
    const flags = await sharedFlags(
      t.service.run(sharing, caller),
      t.service.run(question, caller),
      t.service.run({ ...sharing, metadata: { label: 'b' } }, caller),
      t.service.run(sharing, { ...caller, apiKeyId: 'key-2' }),
      t.service.run(sharing, { ...caller, idempotencyKey: 'own' }),
    );
    expect(flags).toEqual([false, false, false, false, false]);
    expect(t.requests).toHaveLength(5);
  });
});

describe('reading and sweeping', () => {
  it('finds an inference or says there is none', async () => {
    const { inference } = await t.service.run(question, caller);
    expect(await t.service.get(inference.id)).toMatchObject(inference);
    expect((await refusalOf(t.service.get('none'))).code).toBe('not_found');
  });

  it('sweeps until nothing is left', async () => {
    const found = [500, 500, 3];
    t.repository.sweepExpiredRuns = async () => found.shift() ?? 0;
    expect(await t.service.sweep()).toBe(1003);
    expect(t.logger.lines).toContainEqual(expect.objectContaining({ level: 'warn', count: 1003 }));
  });
});
