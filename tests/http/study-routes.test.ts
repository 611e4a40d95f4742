import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Counterfactual,
  StudyComparison,
  StudyDistribution,
  StudySummary,
  StudyTimeseries,
} from '../../src/contract/study.ts';
import { startFakeApp, testKeys, unknownId } from '../support/fake-services.ts';
import { hour, manyRuns, moment, type OpenStudy, openStudy, startOfStudy } from '../support/open-study.ts';

describe('/api/v1/study', () => {
  let open: OpenStudy;
  let app: ReturnType<typeof startFakeApp>;
  const runs = manyRuns(120, 5, 9);
  beforeAll(async () => {
    open = await openStudy();
    app = startFakeApp({ studyService: open.study, priceService: open.prices });
    await open.inferences.insertSettledRuns(runs);
    await open.study.rollUp();
  });
  afterAll(() => open.close());

  const read = async (path: string) => {
    const answer = await app.send(`/api/v1/study/${path}`);
    expect(answer.status).toBe(200);
    return answer.json();
  };

  it('answers with what the contract says', async () => {
    expect(StudySummary.parse(await read('summary')).runCount).toBe(runs.length);
    const { rows } = StudyComparison.parse(await read('compare?by=model&provider=one'));
    expect(rows.map(({ key }) => key).toSorted()).toEqual(['large', 'small']);
    const from = moment(startOfStudy - hour);
    const to = moment(startOfStudy + 6 * 24 * hour);
    const series = StudyTimeseries.parse(
      await read(`timeseries?bucket=hour&measure=latencyMsP95&from=${from}&to=${to}`),
    );
    expect(series.series[0]?.points.length).toBeGreaterThan(20);
    expect(
      StudyDistribution.parse(await read('distribution?of=costUsd&bins=5')).bins.length,
    ).toBeLessThanOrEqual(5);
    const priced = Counterfactual.parse(
      await read('counterfactual?targetProvider=openai&targetModel=gpt-4o'),
    );
    expect(priced.runCount).toBe(runs.length);
    expect((await read('recent?limit=2')).data).toHaveLength(2);
  });

  it('takes the filter of the list: text and metadata too', async () => {
    const stage = runs.filter(({ run }) => run.metadata.stage === 'a').length;
    expect(await read('summary?metadata=stage:a')).toMatchObject({ runCount: stage, source: 'raw' });
    expect(await read('summary?text=answer')).toMatchObject({ runCount: runs.length, source: 'raw' });
    expect(await read('summary?status=sending')).toMatchObject({ runCount: 0, costUsd: null });
  });

  it('has nothing before the first run, however long ago', async () => {
    const ancient = 'to=0001-01-01T00:00:00Z&bucket=day&measure=runs';
    expect(await read(`timeseries?${ancient}`)).toMatchObject({ series: [] });
    expect(await read(`timeseries?${ancient}&split=metadata:stage`)).toMatchObject({ series: [] });
    expect(await read('summary?from=9999-12-31T23:00:00Z')).toMatchObject({ runCount: 0 });
    expect(await read('rollups/check?to=0001-01-01T12:00:00Z')).toMatchObject({ isEqual: true });
  });

  it.each([
    ['compare', '?by'],
    ['compare?by=day', '?by'],
    ['timeseries?bucket=year&measure=runs', '?bucket'],
    ['timeseries?bucket=day&measure=runs&split=metadata', '?split'],
    ['timeseries?bucket=hour&measure=runs&from=2020-01-01T00:00:00Z', '?bucket'],
    ['distribution?of=latencyMs&bins=1', '?bins'],
    ['counterfactual?targetProvider=openai', '?targetModel'],
    ['summary?from=yesterday', '?from'],
    ['summary?by=provider', '?by'],
    [`rollups/check?from=2020-01-01T00:00:00Z`, '?from'],
  ])('refuses %s and names the fault', async (path, pointer) => {
    const answer = await app.send(`/api/v1/study/${path}`);
    expect(answer.status).toBe(400);
    expect((await answer.json()).errors.map((fault: { pointer: string }) => fault.pointer)).toContain(
      pointer,
    );
  });

  it('knows no unknown batch', async () => {
    const answer = await app.send(`/api/v1/study/batches/${unknownId}/versus/${unknownId}`);
    expect(answer.status).toBe(404);
  });

  it('lets administrators alone add up, recost and price', async () => {
    const reader = { authorization: `Bearer ${testKeys['study:read']}` };
    const price = {
      provider: 'one',
      model: 'small',
      effectiveFrom: '2020-01-01T00:00:00Z',
      inputPerMillion: '0.5',
      outputPerMillion: '1.5',
    };
    expect((await app.post('/api/v1/prices', price, reader)).status).toBe(403);
    const added = await app.post('/api/v1/prices', price);
    expect(added.status).toBe(201);
    expect(await added.json()).toMatchObject({ source: 'api', cachedInputPerMillion: null });
    expect((await app.post('/api/v1/prices', { ...price, inputPerMillion: '9' })).status).toBe(409);
    expect((await app.post('/api/v1/prices', { ...price, inputPerMillion: '-1' })).status).toBe(400);
    expect(
      (await (await app.send('/api/v1/prices?provider=one', { headers: reader })).json()).data,
    ).toHaveLength(1);
    expect((await app.post('/api/v1/study/recost', {}, reader)).status).toBe(403);
    expect(
      await (await app.post('/api/v1/study/recost', { filter: { provider: 'one' } })).json(),
    ).toMatchObject({
      nextCursor: null,
    });
    expect((await app.post('/api/v1/study/recost', { cursor: 'x' })).status).toBe(400);
    expect(await (await app.post('/api/v1/study/rollups/rebuild', {})).json()).toMatchObject({
      nextFrom: null,
    });
    const window = `from=${moment(startOfStudy)}&to=${moment(startOfStudy + 5 * 24 * hour)}`;
    expect(await read(`rollups/check?${window}`)).toMatchObject({ isEqual: true, differenceCount: 0 });
  });
});
