import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exampleRun } from '../support/example-rows.ts';
import { type OpenRepository, openRepository } from '../support/open-repository.ts';

const later = (minutes: number) => new Date(Date.now() + minutes * 60_000);

describe('insertRunOnce', () => {
  let open: OpenRepository;
  beforeAll(async () => {
    open = await openRepository();
  });
  afterAll(() => open.close());

  it('inserts run and claim, and gives a second caller the first claim', async () => {
    const [first, second] = [exampleRun(), exampleRun()];
    const claim = { keyHash: 'k1', fingerprint: 'f1', expiresAt: later(60) };
    expect(await open.repository.insertRunOnce(first, claim)).toEqual({ claimed: true });
    expect(await open.repository.insertRunOnce(second, { ...claim, fingerprint: 'other' })).toEqual({
      claimed: false,
      fingerprint: 'f1',
      inferenceId: first.id,
    });
    expect(await open.repository.findInference(first.id)).toMatchObject({
      status: 'sending',
      attempts: [{ id: first.attemptId }],
    });
    expect(await open.repository.findInference(second.id)).toBeNull();
    expect(await open.repository.findIdempotencyClaim('k1')).toEqual({
      fingerprint: 'f1',
      inferenceId: first.id,
    });
  });

  it('lets one of many at once through', async () => {
    const runs = Array.from({ length: 12 }, () => exampleRun());
    const results = await Promise.all(
      runs.map((run) =>
        open.repository.insertRunOnce(run, { keyHash: 'k2', fingerprint: 'f', expiresAt: later(60) }),
      ),
    );
    const winner = results.findIndex(({ claimed }) => claimed);
    expect(results.filter(({ claimed }) => claimed)).toHaveLength(1);
    for (const [index, result] of results.entries()) {
      if (index !== winner) expect(result).toMatchObject({ claimed: false, inferenceId: runs[winner]?.id });
    }
    const found = await Promise.all(runs.map(({ id }) => open.repository.findInference(id)));
    expect(found.filter((run) => run !== null)).toHaveLength(1);
  });

  it('takes over a claim that has expired', async () => {
    const [first, second] = [exampleRun(), exampleRun()];
    await open.repository.insertRunOnce(first, { keyHash: 'k3', fingerprint: 'old', expiresAt: later(-1) });
    expect(await open.repository.findIdempotencyClaim('k3')).toBeNull();
    const claim = { keyHash: 'k3', fingerprint: 'new', expiresAt: later(60) };
    expect(await open.repository.insertRunOnce(second, claim)).toEqual({ claimed: true });
    expect(await open.repository.findIdempotencyClaim('k3')).toEqual({
      fingerprint: 'new',
      inferenceId: second.id,
    });
  });

  it('claims nothing when the run cannot be inserted', async () => {
    const bad = exampleRun({ parameters: null as never });
    const claim = { keyHash: 'k4', fingerprint: 'f', expiresAt: later(60) };
    await expect(open.repository.insertRunOnce(bad, claim)).rejects.toThrow();
    expect(await open.repository.findIdempotencyClaim('k4')).toBeNull();
  });
});
