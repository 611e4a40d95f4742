import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exampleRun, exampleSettlement } from '../support/example-rows.ts';
import { type OpenRepository, openRepository } from '../support/open-repository.ts';

describe('many runs together', () => {
  let open: OpenRepository;
  beforeAll(async () => {
    open = await openRepository();
  });
  afterAll(() => open.close());

  it('gives the error of a bad row to its caller only', async () => {
    const good = Array.from({ length: 20 }, () => exampleRun());
    const bad = exampleRun({ parameters: null as never });
    const results = await Promise.allSettled(
      [...good.slice(0, 7), bad, ...good.slice(7)].map((run) => open.repository.insertRun(run)),
    );
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(results[7]?.status).toBe('rejected');
    expect(await open.repository.findInference(bad.id)).toBeNull();
    for (const run of good) expect(await open.repository.findInference(run.id)).not.toBeNull();
  });

  it('inserts settled runs in bulk, all or none', async () => {
    const pairs = Array.from({ length: 1201 }, () => {
      const run = exampleRun({ provider: 'bulk' });
      return { run, settlement: exampleSettlement(run) };
    });
    await open.repository.insertSettledRuns(pairs);
    expect(await open.repository.countInferences({ provider: 'bulk', outcome: 'ok' })).toBe(1201);
    const run = exampleRun({ provider: 'bulk2' });
    const again = [{ run, settlement: exampleSettlement(run) }, ...pairs.slice(0, 1)];
    await expect(open.repository.insertSettledRuns(again)).rejects.toThrow();
    expect(await open.repository.countInferences({ provider: 'bulk2' })).toBe(0);
    await open.repository.insertSettledRuns([]);
  });

  it('commits or rolls back what a transaction does', async () => {
    const [kept, dropped] = [exampleRun(), exampleRun()];
    await open.repository.transaction(async (repository) => {
      await repository.insertRun(kept);
      await repository.settleRun(exampleSettlement(kept));
    });
    await expect(
      open.repository.transaction(async (repository) => {
        await repository.insertRun(dropped);
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect(await open.repository.findInference(kept.id)).toMatchObject({ outcome: 'ok' });
    expect(await open.repository.findInference(dropped.id)).toBeNull();
  });
});
