import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exampleAttemptSettlement, exampleRun, exampleSettlement } from '../support/example-rows.ts';
import { type OpenRepository, openRepository } from '../support/open-repository.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000);

describe('the sweep', () => {
  let open: OpenRepository;
  beforeAll(async () => {
    open = await openRepository({ now: () => at(0) });
  });
  afterAll(() => open.close());

  it('gives up runs past their lease, with their open attempts, and no others', async () => {
    const expired = exampleRun({ createdAt: at(0), leaseUntil: at(60) });
    const alive = exampleRun({ createdAt: at(0), leaseUntil: at(600) });
    const answered = exampleRun({ createdAt: at(0), leaseUntil: at(60) });
    for (const run of [expired, alive, answered]) await open.repository.insertRun(run);
    await open.repository.continueRun(
      exampleAttemptSettlement(expired.attemptId, { outcome: 'provider_error' }),
      { id: randomUUIDv7(), runId: expired.id, attemptNumber: 2, startedAt: at(10) },
    );
    await open.repository.settleRun(exampleSettlement(answered));

    expect(await open.repository.sweepExpiredRuns(at(60), 100)).toBe(0);
    expect(await open.repository.sweepExpiredRuns(at(61), 100)).toBe(1);
    expect(await open.repository.sweepExpiredRuns(at(61), 100)).toBe(0);

    const swept = await open.repository.findInference(expired.id);
    expect(swept).toMatchObject({
      status: 'settled',
      outcome: 'unknown_outcome',
      detail: 'lease_expired',
      text: null,
      costUsd: null,
      settledAt: at(61).toISOString(),
    });
    expect(swept?.attempts).toMatchObject([
      { status: 'settled', outcome: 'provider_error' },
      { status: 'settled', outcome: 'unknown_outcome', latencyMs: null },
    ]);
    expect(await open.repository.findInference(alive.id)).toMatchObject({ status: 'sending' });
    expect(await open.repository.findInference(answered.id)).toMatchObject({ outcome: 'ok' });
  });

  it('lets a late answer settle its own row, once', async () => {
    const run = exampleRun({ createdAt: at(0), leaseUntil: at(60) });
    await open.repository.insertRun(run);
    expect(await open.repository.sweepExpiredRuns(at(61), 100)).toBe(1);
    await open.repository.settleRun(exampleSettlement(run));
    await open.repository.settleRun(exampleSettlement(run, { outcome: 'refused' }));
    const found = await open.repository.findInference(run.id);
    expect(found).toMatchObject({ outcome: 'ok', detail: null, text: 'Forty-two.' });
    expect(found?.attempts).toMatchObject([{ outcome: 'ok', latencyMs: 50.25 }]);
  });

  it('takes no more than the limit, the longest expired first', async () => {
    const runs = [3, 1, 2].map((seconds) => exampleRun({ createdAt: at(0), leaseUntil: at(seconds) }));
    for (const run of runs) await open.repository.insertRun(run);
    expect(await open.repository.sweepExpiredRuns(at(61), 2)).toBe(2);
    const found = await Promise.all(runs.map(({ id }) => open.repository.findInference(id)));
    expect(found.map((run) => run?.status)).toEqual(['sending', 'settled', 'settled']);
    expect(await open.repository.sweepExpiredRuns(at(61), 2)).toBe(1);
  });

  it('sweeps each run once when several sweep at the same time', async () => {
    const runs = Array.from({ length: 40 }, () => exampleRun({ createdAt: at(0), leaseUntil: at(60) }));
    await Promise.all(runs.map((run) => open.repository.insertRun(run)));
    const counts = await Promise.all(
      Array.from({ length: 4 }, () => open.repository.sweepExpiredRuns(at(61), 40)),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(40);
  });

  it('removes claims of idempotency keys that have expired', async () => {
    const claim = { keyHash: 'sweep-claim', fingerprint: 'f', expiresAt: at(100) };
    const first = exampleRun({ createdAt: at(0), leaseUntil: at(600) });
    expect(await open.repository.insertRunOnce(first, claim)).toEqual({ claimed: true });
    await open.repository.sweepExpiredRuns(at(99), 100);
    expect(await open.repository.findIdempotencyClaim('sweep-claim')).toEqual({
      fingerprint: 'f',
      inferenceId: first.id,
    });
    await open.repository.sweepExpiredRuns(at(101), 100);
    expect(await open.repository.findIdempotencyClaim('sweep-claim')).toBeNull();
  });
});
