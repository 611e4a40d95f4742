import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'slonik';
import { z } from 'zod';
import { createPool } from '../../../src/db/create-pool.ts';
import { checkRollups } from '../../../src/db/study/check-rollups.ts';
import { createStudyRepository } from '../../../src/db/study/create-study-repository.ts';
import { createTickService } from '../../../src/services/create-tick-service.ts';
import { createFakeConductor } from '../../support/fake-conductor.ts';
import { exampleBatch, exampleInputs } from '../../support/open-batches.ts';
import {
  hour,
  type OpenStudy,
  openStudy,
  settledRun,
  startOfStudy,
  usageOf,
} from '../../support/open-study.ts';
import { createMemoryLogger } from '../support/memory-logger.ts';

const Count = z.object({ count: z.number() });
const Setting = z.object({ setting: z.string() });

describe('a study of batches, and its upkeep', () => {
  let open: OpenStudy;
  beforeAll(async () => {
    open = await openStudy();
  });
  afterAll(() => open.close());

  it('compares two batches item by item', async () => {
    const [a, b] = [exampleBatch({ repetitions: 2 }), exampleBatch({ repetitions: 2 })];
    await open.batches.insertBatch(a, exampleInputs(5));
    await open.batches.insertBatch(b, exampleInputs(6));
    const settle = async (
      batchId: string,
      position: number,
      outcome: 'ok' | 'refused' | 'budget_skipped',
      latencyMs: number,
    ) => {
      const settled = settledRun({ batchId, provider: 'pairs' }, { outcome, latencyMs, costUsd: '0.01' });
      await open.inferences.insertSettledRuns([settled]);
      await (await open.connect()).query(sql.unsafe`
        update batch_items set state = 'settled', outcome = ${outcome}, settled_at = now(), run_id = ${settled.run.id}
        where batch_id = ${batchId} and position = ${position}`);
    };
    for (let position = 0; position < 7; position += 1) {
      await settle(a.id, position, position < 6 ? 'ok' : 'refused', 100);
      await settle(b.id, position, position < 3 ? 'ok' : 'refused', 100 + position);
    }
    // What nobody was asked says nothing about who is better.
    for (const position of [8, 9]) {
      await settle(a.id, position, 'ok', 100);
      await settle(b.id, position, 'budget_skipped', 0);
    }
    const versus = await open.study.versus(a.id, b.id, { targetA: 0, targetB: 0, seed: 4 });
    expect(versus).toMatchObject({
      bothCount: 10,
      onlyInACount: 0,
      onlyInBCount: 2,
      unsettledCount: 1,
      unaskedCount: 2,
      success: { okInBoth: 3, okOnlyInA: 3, okOnlyInB: 0, okInNeither: 1, mcnemarMidP: null },
      latencyMs: { itemCount: 4, seed: 4 },
      costUsd: { mean: '0', low: '0', high: '0' },
    });
    expect(versus.latencyMs?.low).toBeGreaterThanOrEqual(0);
    expect(versus.success.difference?.mean).toBeLessThan(0);
    expect(await open.study.versus(a.id, b.id, { targetA: 0, targetB: 0, seed: 4 })).toEqual(versus);
    await expect(open.study.versus(a.id, b.id, { targetA: 0, targetB: 1, seed: 1 })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('keeps what is unknown apart from nothing', async () => {
    await open.inferences.insertSettledRuns([
      settledRun({ provider: 'dark' }, { usage: null, costUsd: null, outcome: 'timeout' }),
      settledRun({ provider: 'free' }, { usage: usageOf(0, 0), costUsd: '0' }),
    ]);
    expect(await open.study.summary({ provider: 'dark' })).toMatchObject({
      costUsd: null,
      unknownCostCount: 1,
      inputTokens: null,
    });
    expect(await open.study.summary({ provider: 'free' })).toMatchObject({
      costUsd: '0',
      unknownCostCount: 0,
      inputTokens: 0,
    });
    expect((await open.study.compare({ by: 'provider', provider: 'dark' })).rows[0]).toMatchObject({
      tokensPerSecond: null,
      firstTokenMs: null,
      costPerSuccessUsd: null,
    });
  });

  it('reads of a key with very many values those with most runs, and counts the others', async () => {
    const units = ['a', 'b', 'b', 'b', 'c', 'd', 'd', null, null, ...'efghijklmnopqrstuvw'];
    await open.inferences.insertSettledRuns(
      units.map((unit) => settledRun({ provider: 'units', metadata: unit === null ? {} : { unit } })),
    );
    const filter = { provider: 'units' };
    const request = {
      filter,
      keys: [{ metadata: 'unit' }],
      bucket: null,
      histograms: ['latencyMs'] as const,
    };
    const { rows, keyCount } = await open.repository.figures({ ...request, mostKeys: 3 });
    expect(keyCount).toBe(24);
    expect(rows.map(({ keys: [key], runCount }) => [key, runCount]).toSorted()).toEqual([
      [null, 2],
      ['b', 3],
      ['d', 2],
    ]);
    const series = await open.study.timeseries({
      ...filter,
      bucket: 'week',
      measure: 'runs',
      split: 'metadata:unit',
    });
    expect(series.series.map(({ key }) => key)).toEqual(['b', null, 'd', 'a', 'c', ...'efghijklmnopqrs']);
    expect(series.omittedSeriesCount).toBe(4);
  });

  it('is kept up by the tick', async () => {
    const tickService = createTickService({
      repository: open.batches,
      conductor: createFakeConductor(),
      inferenceService: { sweep: async () => 0 },
      scheduleService: { fireDue: async () => 0 },
      uploadService: { expire: async () => 0 },
      exportService: { tend: async () => 0 },
      studyService: open.study,
      logger: createMemoryLogger(),
      stallMs: 300_000,
    });
    // A provider may call its model anything; an index holds no such name, and every other hour would wait behind it.
    const servedModel = Buffer.from(Array.from({ length: 6000 }, () => Math.random() * 256)).toString(
      'base64',
    );
    await open.inferences.insertSettledRuns([settledRun({ provider: 'ticked' }, { servedModel })]);
    await open.study.rollUp();
    await open.inferences.insertSettledRuns([settledRun({ provider: 'ticked' })]);
    expect((await open.study.summary({ provider: 'ticked' })).source).toBe('mixed');
    expect((await tickService.tick()).hoursRolledUp).toBe(1);
    expect(await open.study.summary({ provider: 'ticked' })).toMatchObject({ source: 'rollup', runCount: 2 });
    const { rows } = await open.study.compare({ provider: 'ticked', by: 'servedModel' });
    expect(rows.map(({ key }) => key)).toContain(servedModel.slice(0, 200));
  });

  it('is added up in steps of so many runs, without the present hour, of which one mark is kept', async () => {
    const at = (hours: number) => new Date(startOfStudy + (1000 + hours) * hour);
    for (const hours of [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]) {
      await open.inferences.insertSettledRuns([settledRun({ provider: 'busy', createdAt: at(hours) })]);
    }
    const marks = async () =>
      (await open.connect()).oneFirst(sql.type(Count)`select count(*) as count from rollup_changes`);
    const now = new Date(at(3).getTime() + 1);
    expect(await marks()).toBe(20);
    expect(await open.repository.rollUp(now, { mostHours: 100, mostRuns: 4 })).toBe(2);
    expect(await marks()).toBe(2);
    expect(await open.repository.rollUp(now, { mostHours: 100, mostRuns: 1 })).toBe(1);
    expect(await open.repository.rollUp(now, { mostHours: 100, mostRuns: 1000 })).toBe(0);
    expect(await marks()).toBe(1);
    // An hour of very many runs is compared under the limit under which it is added up, also where nothing waits.
    const limit = await (await open.pool.connect()).transaction(async (transaction) => {
      const window = { from: at(-9).toISOString(), to: at(-8).toISOString() };
      await checkRollups(transaction, window, { mostHours: 1, mostRuns: 1 });
      return transaction.oneFirst(sql.type(Setting)`select current_setting('statement_timeout') as setting`);
    });
    expect(limit).toBe('4min');
    const { rows, source } = await open.repository.figures({
      filter: { provider: 'busy' },
      keys: [],
      bucket: null,
      histograms: [],
    });
    expect([source, rows.map(({ runCount }) => runCount)]).toEqual(['mixed', [10]]);
  });

  it('reads figures from the replica, and whatever has to see its own writes from the database', async () => {
    const nowhere = createPool({ databaseUrl: 'postgresql://nobody@127.0.0.1:1/none' });
    const repository = createStudyRepository({ pool: open.pool, readPool: nowhere });
    expect(await repository.rollUp(new Date(startOfStudy), { mostHours: 1, mostRuns: 1 })).toBe(0);
    expect(await repository.countHours({ from: null, to: null })).toBeGreaterThan(0);
    const request = { filter: {}, keys: [], bucket: null, histograms: [] };
    await expect(repository.figures(request)).rejects.toMatchObject({ code: 'database_unavailable' });
    await nowhere.end();
  });
});
