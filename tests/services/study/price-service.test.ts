import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exampleRun, exampleSettlement } from '../../support/example-rows.ts';
import {
  hour,
  moment,
  type OpenStudy,
  openStudy,
  settledRun,
  startOfStudy,
  usageOf,
} from '../../support/open-study.ts';

describe('the price service', () => {
  let open: OpenStudy;
  const now = startOfStudy + 100 * hour;
  beforeAll(async () => {
    open = await openStudy({ now: () => now });
  });
  afterAll(() => open.close());

  const price = (provider: string, effectiveFrom: string, inputPerMillion = '2') => ({
    provider,
    model: 'm',
    effectiveFrom,
    inputPerMillion,
    cachedInputPerMillion: null,
    outputPerMillion: '10',
    reasoningPerMillion: null,
    source: 'test',
  });

  it('adds prices that begin later, and never changes what was in force', async () => {
    await open.prices.add(price('book', moment(now + hour)));
    await expect(open.prices.add(price('book', moment(now + hour), '3'))).rejects.toMatchObject({
      code: 'conflict',
    });
    // Before the first one there was none.
    await open.prices.add(price('book', moment(startOfStudy)));
    await expect(open.prices.add(price('book', moment(startOfStudy + hour)))).rejects.toMatchObject({
      code: 'conflict',
    });
    await open.prices.add(price('book', moment(now + 2 * hour)));
    const { data } = await open.prices.list({ provider: 'book', limit: 2 });
    expect(data.map(({ effectiveFrom }) => effectiveFrom)).toEqual([
      moment(now + 2 * hour),
      moment(now + hour),
    ]);
    const { nextCursor } = await open.prices.list({ provider: 'book', limit: 2 });
    const rest = await open.prices.list({ provider: 'book', limit: 2, cursor: nextCursor ?? '' });
    expect(rest).toMatchObject({ data: [{ effectiveFrom: moment(startOfStudy) }], nextCursor: null });
  });

  it('computes unknown costs once a price is known, exactly and once', async () => {
    const at = (hours: number) => ({
      provider: 'late',
      model: 'm',
      createdAt: new Date(startOfStudy + hours * hour),
    });
    const unknown = { costUsd: null, priceId: null };
    const runs = [
      settledRun(at(1), { ...unknown, usage: usageOf(1_000_001, 3), servedModel: null }),
      settledRun(at(2), { ...unknown, usage: usageOf(7, 11), servedModel: 'another' }),
      settledRun(at(3), { ...unknown, usage: null, outcome: 'timeout' }),
      settledRun(at(-5), { ...unknown, usage: usageOf(1, 1) }),
      settledRun(at(4), { costUsd: '0.5', usage: usageOf(2, 2) }),
    ];
    await open.inferences.insertSettledRuns(runs);
    await open.study.rollUp();
    const filter = { provider: 'late' };
    const nothing = { changedCount: 0, unknownCount: 4 };
    expect(await open.prices.recost({ filter, runs: 'unknown' })).toMatchObject(nothing);
    const added = await open.prices.add(price('late', moment(startOfStudy)));
    const expected = {
      examinedCount: 4,
      changedCount: 2,
      unknownCount: 2,
      costUsdBefore: null,
      costUsdAfter: '2.000156',
      nextCursor: null,
    };
    const asked = { filter, runs: 'unknown', preview: true } as const;
    // A preview says the same twice, because it changes nothing.
    expect(await open.prices.recost(asked)).toEqual(expected);
    expect(await open.prices.recost(asked)).toEqual(expected);
    expect(await open.prices.recost({ ...asked, preview: false })).toEqual(expected);
    const costs = await Promise.all(runs.map(({ run }) => open.inferences.findInference(run.id)));
    expect(costs.map((run) => run?.costUsd)).toEqual(['2.000032', '0.000124', null, null, '0.5']);
    expect(costs[0]).toMatchObject({ priceId: added.id, attempts: [{ costUsd: '2.000032' }] });
    // What changed is read from the runs until it is added up again.
    expect(await open.study.summary(filter)).toMatchObject({
      source: 'mixed',
      costUsd: '2.500156',
      unknownCostCount: 2,
    });
    await open.study.rollUp();
    expect(await open.study.summary(filter)).toMatchObject({ source: 'rollup', costUsd: '2.500156' });
    expect(await open.prices.recost({ ...asked, preview: false })).toMatchObject({
      examinedCount: 2,
      changedCount: 0,
    });
    const all = { filter, runs: 'all' } as const;
    const changed = { examinedCount: 5, changedCount: 1, costUsdBefore: '2.500156', costUsdAfter: '2.00018' };
    expect(await open.prices.recost({ ...all, preview: true })).toMatchObject(changed);
    expect(await open.prices.recost(all)).toMatchObject(changed);
    expect((await open.inferences.findInference(runs[4]?.run.id ?? ''))?.costUsd).toBe('0.000024');
    expect(await open.prices.recost({ ...all, preview: true })).toMatchObject({ changedCount: 0 });
    expect(await open.prices.recost(all)).toMatchObject({ examinedCount: 5, changedCount: 0 });
  });

  it('leaves what changed since it was read: a late answer, or another who recosts', async () => {
    const run = exampleRun({ provider: 'race', createdAt: new Date(startOfStudy) });
    await open.inferences.insertRun(run);
    await open.inferences.sweepExpiredRuns(new Date(startOfStudy + 400 * hour), 100);
    const filter = { provider: 'race' };
    const read = async () => {
      const page = await open.repository.runsToRecost(filter, { unknownOnly: false, after: null, limit: 9 });
      return page.data.map((row) => ({ read: row, attempts: row.attempts }));
    };
    const write = async (rows: Awaited<ReturnType<typeof read>>, costUsd: string | null) =>
      open.repository.recostRuns(
        rows.map(({ read: row, attempts }) => ({
          read: row,
          costUsd,
          priceId: null,
          attempts: attempts.map(({ id }) => ({ id, costUsd })),
        })),
      );
    const cost = async () => {
      const found = await open.inferences.findInference(run.id);
      return [found?.costUsd, ...(found?.attempts ?? []).map(({ costUsd }) => costUsd)];
    };
    const early = await read();
    await open.inferences.settleRun(exampleSettlement(run, { costUsd: '0.000123', priceId: null }));
    expect(await write(early, null)).toBe(0);
    expect(await cost()).toEqual(['0.000123', '0.000123']);
    const [one, other] = [await read(), await read()];
    expect(await write(one, '7')).toBe(1);
    expect(await write(other, '8')).toBe(0);
    expect(await cost()).toEqual(['7', '7']);
  });

  it('goes through many runs in pages', async () => {
    const runs = Array.from({ length: 1100 }, (_, index) =>
      settledRun(
        { provider: 'bulk', model: 'm', createdAt: new Date(startOfStudy + index) },
        { costUsd: null, usage: usageOf(index, 0) },
      ),
    );
    await open.inferences.insertSettledRuns(runs);
    await open.prices.add(price('bulk', moment(startOfStudy - hour)));
    expect(await open.prices.recost({ filter: { provider: 'bulk' }, runs: 'unknown' })).toMatchObject({
      examinedCount: 1100,
      changedCount: 1100,
      unknownCount: 0,
      nextCursor: null,
    });
  });
});
