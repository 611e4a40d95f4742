import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Decimal } from 'decimal.js';
import type { StudyMeasure } from '../../../src/contract/study.ts';
import { costOfUsage } from '../../../src/services/calls/cost.ts';
import { createStudyService } from '../../../src/services/study/create-study-service.ts';
import { hour, manyRuns, moment, type OpenStudy, openStudy, startOfStudy } from '../../support/open-study.ts';

describe('the study service', () => {
  let open: OpenStudy;
  const runs = manyRuns(300, 10, 3);
  const now = startOfStudy + 12 * 24 * hour;
  beforeAll(async () => {
    open = await openStudy({ now: () => now });
    await open.inferences.insertSettledRuns(runs);
    expect(await open.study.rollUp()).toBeGreaterThan(100);
  });
  afterAll(() => open.close());

  const ofProvider = (name: string) => runs.filter(({ run }) => run.provider === name);

  it('sums up what a filter lets through', async () => {
    const mine = ofProvider('one');
    const summary = await open.study.summary({ provider: 'one' });
    const costs = mine.flatMap(({ settlement }) => settlement.costUsd ?? []);
    const count = (outcome: string) => mine.filter(({ settlement }) => settlement.outcome === outcome).length;
    expect(summary).toMatchObject({
      source: 'rollup',
      runCount: mine.length,
      sendingCount: 0,
      costUsd: Decimal.sum(...costs).toFixed(),
      unknownCostCount: mine.length - costs.length,
      outcomeCounts: { ok: count('ok'), timeout: count('timeout') },
      errorRate: {
        count: count('timeout') + count('provider_error'),
        of: mine.length - count('cancelled'),
      },
    });
    expect(summary.models.map(({ provider }) => provider)).toEqual(['one', 'one']);
    expect(await open.study.summary({ provider: 'nobody' })).toMatchObject({
      runCount: 0,
      costUsd: null,
      inputTokens: null,
      errorRate: null,
      models: [],
    });
  });

  it('compares', async () => {
    const { rows } = await open.study.compare({ by: 'provider' });
    expect(rows.map(({ key }) => key).toSorted()).toEqual(['one', 'three', 'two']);
    for (const row of rows) {
      const mine = ofProvider(row.key ?? '');
      const latencies = mine.map(({ settlement }) => settlement.latencyMs);
      expect(row.runCount).toBe(mine.length);
      const firstTokens = mine.flatMap(({ settlement }) => settlement.firstTokenMs ?? []);
      expect(row.firstTokenMs?.count).toBe(firstTokens.length);
      expect(row.firstTokenMs?.mean.value).toBeCloseTo(
        firstTokens.reduce((a, b) => a + b) / firstTokens.length,
        6,
      );
      expect(row.latencyMs?.mean.value).toBeCloseTo(latencies.reduce((a, b) => a + b) / latencies.length, 6);
      expect(row.latencyMs?.mean.low).toBeLessThan(row.latencyMs?.mean.value ?? 0);
      expect(row.latencyMs?.p50.low).toBeLessThanOrEqual(row.latencyMs?.p50.value ?? 0);
      // A hundred values are too few for an upper end of p99.
      expect(row.latencyMs?.p99).toMatchObject({ low: null, high: null });
      expect(Number(row.costPerSuccessUsd)).toBeCloseTo(Number(row.costUsd) / (row.outcomeCounts.ok ?? 0), 9);
    }
    expect((await open.study.compare({ by: 'batch' })).rows.map(({ key }) => key)).toContain(null);
  });

  it('draws a measure over time, by a column or an entry of the metadata', async () => {
    const byDay = await open.study.timeseries({ bucket: 'day', measure: 'runs', split: 'provider' });
    expect(byDay.source).toBe('rollup');
    const total = byDay.series
      .flatMap(({ points }) => points)
      .reduce((sum, { value }) => sum + Number(value), 0);
    expect(total).toBe(runs.length);
    for (const { points } of byDay.series) {
      const starts = points.map(({ start }) => start);
      expect(starts).toEqual(starts.toSorted());
    }
    const byStage = await open.study.timeseries({
      bucket: 'week',
      measure: 'costUsd',
      split: 'metadata:stage',
    });
    expect(byStage.source).toBe('raw');
    expect(byStage.series.map(({ key }) => key).toSorted()).toEqual(['a', 'b', null].toSorted());
    const weeks =
      byStage.series.find(({ key }) => key === 'a')?.points.map(({ value }) => String(value)) ?? [];
    const expected = runs
      .filter(({ run }) => run.metadata.stage === 'a')
      .flatMap(({ settlement }) => settlement.costUsd ?? []);
    expect(Decimal.sum(...weeks).toFixed()).toBe(Decimal.sum(...expected).toFixed());
    const from = moment(startOfStudy - 500 * hour);
    await expect(open.study.timeseries({ bucket: 'hour', measure: 'runs', from })).rejects.toMatchObject({
      code: 'invalid_request',
      faults: [{ pointer: '?bucket' }],
    });
    // What a comparison tells of all runs, a series of one bucket tells too.
    const week = { from: moment(startOfStudy), to: moment(startOfStudy + 4 * 24 * hour) };
    const { rows } = await open.study.compare({ by: 'provider', provider: 'one', ...week });
    const row = rows[0];
    const expectations: [StudyMeasure, unknown][] = [
      ['latencyMsP95', row?.latencyMs?.p95.value],
      ['latencyMsMean', row?.latencyMs?.mean.value],
      ['firstTokenMsP99', row?.firstTokenMs?.p99.value],
      ['firstTokenMsMean', row?.firstTokenMs?.mean.value],
      ['tokensPerSecond', row?.tokensPerSecond],
      ['errorRate', row?.errorRate?.value],
      ['costPerSuccessUsd', row?.costPerSuccessUsd],
      ['reasoningTokens', row?.reasoningTokens],
    ];
    for (const [measure, expected] of expectations) {
      const { series } = await open.study.timeseries({ bucket: 'week', measure, provider: 'one', ...week });
      expect(series[0]?.points).toHaveLength(1);
      expect(Number(series[0]?.points[0]?.value)).toBeCloseTo(Number(expected), 9);
      expect(Number(expected)).toBeGreaterThan(0);
    }
  });

  it('shows distributions and the newest runs', async () => {
    const distribution = await open.study.distribution({ of: 'inputTokens', bins: 20 });
    const known = runs.filter(({ settlement }) => settlement.usage !== null).length;
    expect(distribution).toMatchObject({ count: known, unknownCount: runs.length - known });
    expect(distribution.bins.reduce((sum, { count }) => sum + count, 0)).toBe(known);
    const recent = await open.study.recent({ limit: 3, provider: 'two' });
    const newest = ofProvider('two')
      .map(({ run }) => run.createdAt.toISOString())
      .toSorted()
      .toReversed();
    expect(recent.data.map(({ createdAt }) => createdAt)).toEqual(newest.slice(0, 3));
  });

  it('tells to the last digit what runs would have cost elsewhere', async () => {
    const elsewhere = { targetProvider: 'elsewhere', targetModel: 'plain' };
    expect(await open.study.counterfactual(elsewhere)).toMatchObject({ priceId: null });
    for (const [model, cached, reasoning] of [
      ['plain', null, null],
      ['cached', '0.125', null],
      ['both', '0.333333', '7.77'],
    ] as const) {
      await open.prices.add({
        provider: 'elsewhere',
        model,
        effectiveFrom: moment(startOfStudy),
        inputPerMillion: '1.23',
        cachedInputPerMillion: cached,
        outputPerMillion: '4.567',
        reasoningPerMillion: reasoning,
        source: 'test',
      });
      const price = {
        id: randomUUIDv7(),
        inputPerMillion: '1.23',
        cachedInputPerMillion: cached,
        outputPerMillion: '4.567',
        reasoningPerMillion: reasoning,
      };
      const costs = runs.map(({ settlement }) => ({
        would: costOfUsage(settlement.usage, price),
        actual: settlement.costUsd,
      }));
      const priced = costs.flatMap(({ would }) => would ?? []);
      const compared = costs.filter(({ would, actual }) => would !== null && actual !== null);
      const answer = await open.study.counterfactual({ targetProvider: 'elsewhere', targetModel: model });
      expect(answer).toMatchObject({
        source: 'rollup',
        runCount: runs.length,
        pricedCount: priced.length,
        unpricedCount: runs.length - priced.length,
        costUsd: Decimal.sum(...priced).toFixed(),
        compared: {
          runCount: compared.length,
          actualCostUsd: Decimal.sum(...compared.map(({ actual }) => actual ?? '')).toFixed(),
        },
      });
    }
    const plain = await open.study.counterfactual(elsewhere);
    expect(await open.study.counterfactual({ ...elsewhere, targetModel: 'deployed-plain' })).toMatchObject({
      priceId: plain.priceId,
      costUsd: plain.costUsd,
    });
    expect(
      await open.study.counterfactual({ targetProvider: 'elsewhere', targetModel: 'unheard' }),
    ).toMatchObject({
      priceId: null,
      costUsd: null,
      pricedCount: 0,
      unpricedCount: runs.length,
    });
  });

  it('adds up anew and checks on request', async () => {
    const before = await open.study.summary({});
    const { hoursRebuilt } = await open.study.rebuildRollups({});
    expect(hoursRebuilt).toBeGreaterThan(100);
    // A request whose clock leaps does one step, and says where to go on.
    let at = startOfStudy;
    const inNoTime = createStudyService({
      repository: open.repository,
      familyOf: () => null,
      now: () => (at += 24 * hour),
    });
    const first = await inNoTime.rebuildRollups({});
    expect(first).toEqual({
      hoursRebuilt: 100,
      hoursRemaining: hoursRebuilt - 100,
      nextFrom: expect.stringMatching(/:00:00.000Z$/),
    });
    expect(await open.study.rebuildRollups({ from: first.nextFrom ?? '' })).toEqual({
      hoursRebuilt: hoursRebuilt - 100,
      hoursRemaining: 0,
      nextFrom: null,
    });
    expect(await open.study.summary({})).toEqual({
      ...before,
      asOf: expect.any(String),
      source: 'rollup',
    });
    const window = { from: moment(startOfStudy), to: moment(startOfStudy + 14 * 24 * hour) };
    expect(await open.study.checkRollups(window)).toMatchObject({ isEqual: true, hoursChecked: 14 * 24 });
    const part = await inNoTime.checkRollups(window);
    expect(part).toMatchObject({ isEqual: true, to: part.nextFrom });
    const rest = await open.study.checkRollups({ ...window, from: part.nextFrom ?? '' });
    expect([part.hoursChecked + rest.hoursChecked, rest.nextFrom]).toEqual([14 * 24, null]);
    await expect(open.study.checkRollups({ from: '2020-01-01T00:00:00Z' })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});
