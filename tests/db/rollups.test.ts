import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'slonik';
import { z } from 'zod';
import type { InferenceFilter } from '../../src/contract/inference.ts';
import type { CheckedRollups } from '../../src/db/study/check-rollups.ts';
import { createRandomStream } from '../../src/statistics/random-stream.ts';
import { createValueHistogram } from '../../src/statistics/value-histogram.ts';
import { exampleRun, exampleSettlement } from '../support/example-rows.ts';
import {
  hour,
  manyRuns,
  moment,
  type OpenStudy,
  openStudy,
  settledRun,
  startOfStudy,
} from '../support/open-study.ts';

const RollupRow = z.record(z.string(), z.unknown());
const RollupCount = z.object({ count: z.number() });
const everyKey = ['provider', 'model', 'servedModel', 'batch'] as const;
const week = { from: moment(startOfStudy - 10 * 24 * hour), to: moment(startOfStudy + 21 * 24 * hour) };

describe('roll-ups', () => {
  let open: OpenStudy;
  const runs = manyRuns(400, 12);
  beforeAll(async () => {
    open = await openStudy();
    await open.inferences.insertSettledRuns(runs);
  });
  afterAll(() => open.close());

  const later = new Date(startOfStudy + 60 * 24 * hour);
  const step = (mostHours: number, mostRuns = 1_000_000) => ({ mostHours, mostRuns });
  const rollUpAll = async () => {
    while ((await open.repository.rollUp(later, step(100))) !== 0);
  };
  const touchAll = async () =>
    (await open.connect()).query(sql.unsafe`update inference_runs set detail = detail`);
  const checkWeek = async (mostHours = 100) => {
    const whole = { differences: [] as CheckedRollups['differences'], hoursChecked: 0, hoursPending: 0 };
    for (let from: string | null = week.from; from !== null; ) {
      const part: CheckedRollups = await open.repository.checkRollups({ from, to: week.to }, step(mostHours));
      whole.differences.push(...part.differences);
      whole.hoursChecked += part.hoursChecked;
      whole.hoursPending += part.hoursPending;
      from = part.next;
    }
    return whole;
  };

  const stored = async () =>
    (await open.connect()).any(sql.type(RollupRow)`
      select * from run_rollups
      order by level, bucket_start, provider, model, served_model, outcome, by_batch, batch_id, usage_class`);

  /** Figures with their histograms as what they say. */
  const figures = async (filter: InferenceFilter, bucket: 'hour' | 'day' | 'week' | null = null) => {
    const { rows, source } = await open.repository.figures({
      filter,
      keys: everyKey,
      bucket,
      histograms: ['latencyMs'],
    });
    const plain = rows.map(({ histograms: [histogram], ...row }) => {
      const merged = createValueHistogram();
      if (histogram) merged.merge(histogram);
      return JSON.stringify({ ...row, histogram: Buffer.from(merged.encode()).toString('hex') });
    });
    return { source, rows: plain.toSorted() };
  };

  const random = createRandomStream(5);
  const someTime = () => moment(startOfStudy + Math.floor((random() * 22 - 1) * 24 * hour));
  const windows = Array.from({ length: 12 }, (): InferenceFilter => {
    const [from = '', to = ''] = [someTime(), someTime()].toSorted();
    return { from, to };
  });
  const filters: InferenceFilter[] = [
    {},
    ...windows,
    { provider: 'one' },
    { model: 'large', outcome: 'ok' },
    { status: 'sending' },
    { status: 'settled', to: moment(startOfStudy + 50 * hour) },
    { batchId: runs.find(({ run }) => run.batchId !== null)?.run.batchId ?? '' },
    // Ends within a millisecond, on the hour, and in the future.
    { from: moment(startOfStudy + 5 * hour).replace('.000Z', '.0000005Z') },
    { from: moment(startOfStudy + 5 * hour), to: moment(startOfStudy + 9 * hour) },
    { from: moment(startOfStudy + 5.2 * hour), to: moment(startOfStudy + 5.7 * hour) },
    { to: '2030-01-01T00:00:00+02:00' },
    { from: '2030-01-01T00:00:00Z' },
  ];

  it('give the figures of the runs, whatever the window and however much is rolled up', async () => {
    const raw = await Promise.all(filters.map((filter) => figures(filter)));
    const byDay = await figures({}, 'day');
    const byHour = await figures({}, 'hour');
    expect(raw[0]?.source).toBe('raw');
    expect(raw[0]?.rows.length).toBeGreaterThan(50);

    expect(await open.repository.rollUp(later, step(30))).toBe(30);
    for (const [index, filter] of filters.entries()) {
      expect((await figures(filter)).rows).toEqual(raw[index]?.rows);
    }
    expect((await figures({})).source).toBe('mixed');

    await rollUpAll();
    for (const [index, filter] of filters.entries()) {
      expect((await figures(filter)).rows).toEqual(raw[index]?.rows);
    }
    expect((await figures({})).source).toBe('rollup');
    expect((await figures({}, 'day')).rows).toEqual(byDay.rows);
    expect((await figures({}, 'hour')).rows).toEqual(byHour.rows);
  });

  it('count every run once, and as percentiles and sums do', async () => {
    const { rows } = await open.repository.figures({
      filter: {},
      keys: ['provider'],
      bucket: null,
      histograms: ['latencyMs'],
    });
    for (const stats of await open.inferences.providerStats({})) {
      const one = await open.repository.figures({
        filter: { provider: stats.provider, model: stats.model },
        keys: [],
        bucket: null,
        histograms: ['latencyMs'],
      });
      const sum = (of: 'runCount' | 'inputTokens') => one.rows.reduce((all, row) => all + (row[of] ?? 0), 0);
      const histogram = createValueHistogram();
      for (const {
        histograms: [bytes],
      } of one.rows)
        if (bytes) histogram.merge(bytes);
      expect(sum('runCount')).toBe(stats.runCount);
      expect(sum('inputTokens')).toBe(stats.inputTokens);
      expect(Math.abs((histogram.quantile(0.95) ?? 0) / (stats.latencyMsP95 ?? 1) - 1)).toBeLessThan(0.01);
    }
    expect(rows.reduce((all, { runCount }) => all + runCount, 0)).toBe(runs.length);
  });

  it('have the buckets of the histogram in TypeScript', async () => {
    const { rows } = await open.repository.figures({
      filter: {},
      keys: [],
      bucket: null,
      histograms: ['latencyMs'],
    });
    const [ofDatabase, ofRuns] = [createValueHistogram(), createValueHistogram()];
    for (const {
      histograms: [histogram],
    } of rows)
      if (histogram) ofDatabase.merge(histogram);
    for (const { settlement } of runs) ofRuns.add(settlement.latencyMs);
    expect(ofDatabase.encode()).toEqual(ofRuns.encode());
  });

  it('come to the same when they are made anew, in steps of which readers see no half', async () => {
    const before = await stored();
    const connection = await open.connect();
    // Wrong in every row, and a day of which there is no hour.
    await connection.query(sql.unsafe`update run_rollups set run_count = run_count + 1000`);
    await connection.query(sql.unsafe`
      insert into run_rollups select (jsonb_populate_record(u, '{"bucket_start": "2026-05-20T00:00:00Z"}')).*
      from run_rollups as u where level = 'day' limit 1`);
    const hours = await open.repository.countHours({ from: null, to: null });
    expect(hours).toBeGreaterThan(150);
    let [done, next] = [0, null as string | null];
    for (let left = hours; left > 0; left -= 70) {
      const rebuilt = await open.repository.rebuildHours({ from: next, to: null }, step(70));
      expect(rebuilt.hours).toBe(Math.min(70, left));
      [done, next] = [done + rebuilt.hours, rebuilt.next];
      const wrong = await connection.oneFirst(sql.type(RollupCount)`
        select count(*) as count from run_rollups where level = 'hour' and run_count > 1000 and bucket_start < ${next ?? ''}`);
      expect(wrong).toBe(0);
      expect(await open.repository.countHours({ from: next, to: null })).toBe(hours - done);
    }
    expect(await open.repository.rebuildHours({ from: next, to: null }, step(70))).toEqual({
      hours: 0,
      next: null,
    });
    expect(await stored()).toEqual(before);
    expect(await checkWeek()).toEqual({ differences: [], hoursChecked: 31 * 24, hoursPending: 0 });
  });

  it('take up what is settled late, corrected or deleted', async () => {
    const run = exampleRun({ provider: 'late', createdAt: new Date(startOfStudy + 3 * hour) });
    await open.inferences.insertRun(run);
    const count = async (filter: InferenceFilter) => {
      const { rows } = await open.repository.figures({ filter, keys: [], bucket: null, histograms: [] });
      return rows.map(({ outcome, runCount, costUsd }) => ({ outcome, runCount, costUsd }));
    };
    const changed = async (expected: object[]) => {
      expect(await count({ provider: 'late' })).toEqual(expected);
      expect(await open.repository.rollUp(later, step(100))).toBe(1);
      expect(await count({ provider: 'late' })).toEqual(expected);
    };
    await changed([{ outcome: null, runCount: 1, costUsd: null }]);
    await open.inferences.sweepExpiredRuns(new Date(startOfStudy + 400 * hour), 100);
    await changed([{ outcome: 'unknown_outcome', runCount: 1, costUsd: null }]);
    await open.inferences.settleRun(exampleSettlement(run, { costUsd: '0.5' }));
    await changed([{ outcome: 'ok', runCount: 1, costUsd: '0.5' }]);
    await (await open.connect()).query(sql.unsafe`delete from inference_runs where id = ${run.id}`);
    await changed([]);
    expect((await checkWeek()).differences).toEqual([]);
  });

  it('are added up once by many processes at once, while runs arrive', async () => {
    const others = [open.openAnother(), open.openAnother()];
    await touchAll();
    const arriving = Array.from({ length: 40 }, (_, index) =>
      settledRun({ provider: 'busy', createdAt: new Date(startOfStudy + index * hour) }),
    );
    const rolling = [open.repository, ...others].map(async (repository) => {
      for (let turn = 0; turn < 12; turn += 1) await repository.rollUp(later, step(40));
    });
    await Promise.all([
      ...rolling,
      ...arriving.map((settled) => open.inferences.insertSettledRuns([settled])),
    ]);
    await rollUpAll();
    expect((await checkWeek()).differences).toEqual([]);
    const { rows } = await open.repository.figures({ filter: {}, keys: [], bucket: null, histograms: [] });
    expect(rows.reduce((all, { runCount }) => all + runCount, 0)).toBe(runs.length + arriving.length);
  });

  it('are checked: a planted difference is found on its level', async () => {
    const connection = await open.connect();
    await connection.query(sql.unsafe`
      update run_rollups set cost_usd = coalesce(cost_usd, 0) + 0.000001
      where ctid = (select ctid from run_rollups where level = 'day' order by bucket_start offset 3 limit 1)`);
    const { differences } = await checkWeek();
    expect(differences.map(({ level }) => level).toSorted()).toEqual(['day', 'week']);
    // Windows side by side find the same.
    expect((await checkWeek(7)).differences).toHaveLength(2);
    await touchAll();
    await rollUpAll();
    expect((await checkWeek()).differences).toEqual([]);
    await connection.query(sql.unsafe`
      delete from run_rollups where ctid = (select ctid from run_rollups where level = 'hour' limit 1)`);
    const hours = await checkWeek();
    expect(hours.differences.map(({ level }) => level)).toContain('hour');
  });
});
