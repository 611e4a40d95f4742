import { beforeEach, describe, expect, it } from '@jest/globals';
import { AppError, type ProviderErrorKind } from '../../../src/errors.ts';
import {
  caller,
  failure,
  price,
  question,
  refusalOf,
  setUpService,
  startedAt,
} from '../support/set-up-service.ts';

let t: ReturnType<typeof setUpService>;
beforeEach(() => {
  t = setUpService();
});

describe('failures', () => {
  it('are tried again, each attempt in the database before it is sent', async () => {
    t.prices.set('scripted/model-a', price);
    t.next(failure('rate_limited', { retryAfterMs: 70_000 }), failure('overloaded'));
    const { inference } = await t.service.run(question, caller);
    expect(t.calls).toEqual([
      'insertRun',
      'complete',
      'continueRun',
      'complete',
      'continueRun',
      'complete',
      'settleRun',
    ]);
    expect(t.waits).toEqual([70_500, 500]);
    // Attempts that certainly cost nothing don't make the sum unknown.
    expect(inference).toMatchObject({ outcome: 'ok', attemptCount: 3, costUsd: '0.005', latencyMs: 71_120 });
    const [first, second] = t.onlyRun().continued;
    expect(first?.[0]).toMatchObject({
      attemptId: 'id-2',
      outcome: 'provider_error',
      retryAfterMs: 70_000,
      costUsd: '0',
    });
    expect(first?.[1]).toEqual({
      id: 'id-3',
      runId: 'id-1',
      attemptNumber: 2,
      startedAt: new Date(startedAt + 70_540),
    });
    expect(second?.[0]).toMatchObject({ attemptId: 'id-3', error: { code: 'overloaded', retryable: true } });
    expect(t.onlyRun().settlement?.lastAttempt.attemptId).toBe('id-4');
    expect(t.requests.map(({ timeoutMs }) => timeoutMs)).toEqual([120_000, 49_460, 48_920]);
  });

  it('make the cost unknown when one of them may have been billed', async () => {
    t.prices.set('scripted/model-a', price);
    t.next(failure('server_error'));
    expect((await t.service.run(question, caller)).inference).toMatchObject({ outcome: 'ok', costUsd: null });
  });

  it('end at once when the wait does not fit into the deadline', async () => {
    t.next(failure('rate_limited', { retryAfterMs: 70_000 }));
    const { inference } = await t.service.run({ ...question, deadlineMs: 60_000 }, caller);
    expect(t.waits).toEqual([]);
    expect(inference).toMatchObject({
      outcome: 'provider_error',
      detail: 'rate_limited',
      attemptCount: 1,
      costUsd: '0',
      latencyMs: 40,
      text: null,
      error: { code: 'rate_limited', message: 'it was rate_limited', retryable: true },
    });
  });

  it.each<[ProviderErrorKind, string, string]>([
    ['content_filter', 'content_filtered', 'prompt_filtered'],
    ['authentication', 'provider_error', 'authentication'],
    ['timeout', 'timeout', 'deadline'],
  ])('%s is not tried again', async (kind, outcome, detail) => {
    t.next(failure(kind, { retryable: kind === 'timeout' }));
    expect((await t.service.run(question, caller)).inference).toMatchObject({
      outcome,
      detail,
      attemptCount: 1,
    });
  });

  it('end with the attempts asked for', async () => {
    t.next(failure('overloaded'), failure('overloaded'), failure('overloaded'));
    const { inference } = await t.service.run({ ...question, maxAttempts: 2 }, caller);
    expect(inference).toMatchObject({ outcome: 'provider_error', detail: 'overloaded', attemptCount: 2 });
  });

  it('tell a connection that broke from one that never was', async () => {
    const once = { ...question, maxAttempts: 1 };
    t.next(
      failure('connection', { providerCode: 'ECONNRESET' }),
      failure('connection', { providerCode: 'ECONNREFUSED' }),
    );
    expect((await t.service.run(once, caller)).inference).toMatchObject({
      outcome: 'unknown_outcome',
      detail: 'connection_lost',
      costUsd: null,
    });
    expect((await t.service.run(once, caller)).inference).toMatchObject({
      outcome: 'provider_error',
      detail: 'connection_failed',
      costUsd: '0',
    });
  });

  it('of our own code are recorded without their message', async () => {
    t.next(() => Promise.reject(new TypeError('secret detail')));
    const { inference } = await t.service.run(question, caller);
    expect(inference).toMatchObject({
      outcome: 'provider_error',
      detail: 'bad_response',
      attemptCount: 1,
      costUsd: null,
    });
    expect(JSON.stringify(inference)).not.toContain('secret detail');
    expect(t.logger.lines[0]).toMatchObject({ level: 'error', message: 'provider code failed' });
  });

  it('include a provider that never comes back', async () => {
    t.next(() => new Promise(() => {}));
    const { inference } = await t.service.run({ ...question, deadlineMs: 100 }, caller);
    expect(inference).toMatchObject({ outcome: 'timeout', detail: 'deadline' });
  });
});

describe('a deadline that passes while the database is slow', () => {
  it('before the first attempt: nothing is sent, nothing is paid', async () => {
    const insert = t.repository.insertRun;
    t.repository.insertRun = async (run) => {
      t.clock.now += 2_000;
      await insert(run);
    };
    const { inference } = await t.service.run({ ...question, deadlineMs: 1_000 }, caller);
    expect(t.requests).toEqual([]);
    expect(inference).toMatchObject({
      outcome: 'timeout',
      detail: 'deadline',
      costUsd: '0',
      attemptCount: 1,
    });
  });

  it('before a further attempt: it is not sent either', async () => {
    t.next(failure('overloaded'));
    const goOn = t.repository.continueRun;
    t.repository.continueRun = async (settled, next) => {
      t.clock.now += 2_000;
      await goOn(settled, next);
    };
    const { inference } = await t.service.run({ ...question, deadlineMs: 1_000 }, caller);
    expect(t.requests).toHaveLength(1);
    expect(inference).toMatchObject({
      outcome: 'timeout',
      detail: 'deadline',
      costUsd: '0',
      attemptCount: 2,
    });
  });
});

describe('an absent database', () => {
  const away = () => new AppError('database_unavailable', 'away', { retryable: true });

  it('before the call: nothing is sent', async () => {
    t.repository.insertRun = async () => Promise.reject(away());
    expect((await refusalOf(t.service.run(question, caller))).code).toBe('database_unavailable');
    expect(t.requests).toEqual([]);
  });

  it('after the call: settled as soon as it is back', async () => {
    const settle = t.repository.settleRun;
    let failures = 5;
    t.repository.settleRun = (settlement) => (failures-- > 0 ? Promise.reject(away()) : settle(settlement));
    expect((await t.service.run(question, caller)).inference.outcome).toBe('ok');
    expect(t.waits).toEqual([100, 200, 400, 800, 1600]);
    expect(t.onlyRun().settlement?.outcome).toBe('ok');
  });

  it('for longer than the lease: the caller is told, the row stays sending', async () => {
    t.repository.settleRun = async () => Promise.reject(away());
    const error = await refusalOf(t.service.run({ ...question, deadlineMs: 1000 }, caller));
    expect(error.code).toBe('database_unavailable');
    expect(t.clock.now).toBeGreaterThan(startedAt + 25_000);
    expect(t.clock.now).toBeLessThanOrEqual(startedAt + 31_000);
    expect(t.onlyRun().settlement).toBeNull();
  });

  it('any other fault is not tried again', async () => {
    t.repository.settleRun = async () => Promise.reject(new Error('broken statement'));
    await expect(t.service.run(question, caller)).rejects.toThrow('broken statement');
    expect(t.waits).toEqual([]);
  });
});
