import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Schedule, SchedulePage } from '../../src/contract/schedule.ts';
import { openSchedules } from '../services/support/set-up-schedules.ts';
import { knownId, startFakeApp, testKeys, unknownId } from '../support/fake-services.ts';
import { at } from '../support/open-batches.ts';
import { readProblem } from '../support/read-problem.ts';

const path = '/api/v1/schedules';
const good = {
  name: 'nightly',
  cron: '30 2 * * *',
  timeZone: 'Europe/Berlin',
  batch: { targets: [{ provider: 'echo', model: 'echo-1' }], items: [{ itemKey: 'a', prompt: 'Why?' }] },
};

let database: Awaited<ReturnType<typeof openSchedules>>;
let host: ReturnType<typeof database.start>;
let app: ReturnType<typeof startFakeApp>;
beforeAll(async () => {
  database = await openSchedules();
});
afterAll(() => database.close());
beforeEach(() => {
  host = database.start();
  app = startFakeApp({ scheduleService: host.service });
});

const patch = (id: string, body: unknown) =>
  app.send(`${path}/${id}`, { method: 'PATCH', body: JSON.stringify(body) });
const create = async (body: unknown = good): Promise<Schedule> =>
  Schedule.parse(await (await app.post(path, body)).json());
const list = async (query = '') => SchedulePage.parse(await (await app.send(path + query)).json());

describe('schedules', () => {
  it('are stored, read, changed and ended', async () => {
    const answer = await app.post(path, good);
    expect(answer.status).toBe(201);
    const made = Schedule.parse(await answer.json());
    expect(made).toMatchObject({
      ...good,
      overlap: 'skip',
      catchUp: 'latest',
      enabled: true,
      apiKeyId: knownId,
    });
    expect(made.nextFireAt).toBe('2026-06-02T00:30:00.000Z');
    const location = answer.headers.get('location') ?? '';
    expect(location).toBe(`${path}/${made.id}`);
    expect(await (await app.send(location)).json()).toEqual(made);

    const changed = await patch(made.id, { enabled: false, overlap: 'queue' });
    expect(changed.status).toBe(200);
    expect(await changed.json()).toMatchObject({
      ...good,
      enabled: false,
      overlap: 'queue',
      nextFireAt: null,
    });

    const ended = await app.send(location, { method: 'DELETE' });
    expect([ended.status, await ended.text()]).toEqual([204, '']);
    expect((await app.send(location)).status).toBe(404);
  });

  it('are listed newest first, page by page', async () => {
    const ids: string[] = [];
    for (const seconds of [1, 2, 3]) {
      host.clock.now = at(1000 + seconds).getTime();
      ids.unshift((await create()).id);
    }
    const first = await list('?limit=2');
    const second = await list(`?limit=1&cursor=${first.nextCursor}`);
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(ids);
    for (const id of ids) await app.send(`${path}/${id}`, { method: 'DELETE' });
  });

  it('tell what became of their firings', async () => {
    const { id } = await create({ ...good, cron: '* * * * *' });
    for (const seconds of [60, 120]) {
      host.clock.now = at(seconds).getTime();
      await host.service.fireDue();
    }
    const all = await app.send(`${path}/${id}/firings`);
    expect(await all.json()).toMatchObject({
      data: [
        { fireTime: at(120).toISOString(), status: 'skipped', detail: 'overlap', batchId: null },
        { scheduleId: id, fireTime: at(60).toISOString(), status: 'started', detail: null },
      ],
    });
    const latest = await app.send(`${path}/${id}/firings?limit=1`);
    expect(await latest.json()).toMatchObject({ data: [{ detail: 'overlap' }] });
    await app.send(`${path}/${id}`, { method: 'DELETE' });
  });

  it.each([
    ['POST', '', 'batch:write', 201],
    ['GET', '', 'study:read', 200],
    ['GET', '/ID', 'study:read', 200],
    ['PATCH', '/ID', 'batch:write', 200],
    ['GET', '/ID/firings', 'study:read', 200],
    ['DELETE', '/ID', 'batch:write', 204],
  ] as const)('%s %s wants %s', async (method, rest, scope, status) => {
    const { id } = await create();
    const ask = (key: keyof typeof testKeys) =>
      app.send(path + rest.replace('ID', id), {
        method,
        headers: { authorization: `Bearer ${testKeys[key]}` },
        ...(method === 'POST' && { body: JSON.stringify(good) }),
        ...(method === 'PATCH' && { body: '{}' }),
      });
    for (const other of ['inference:write', 'batch:write', 'study:read'] as const) {
      if (other !== scope) expect((await ask(other)).status).toBe(403);
    }
    expect((await ask('unknown')).status).toBe(401);
    expect((await ask(scope)).status).toBe(status);
  });
});

const { batch } = good;
const faulty: [string, Record<string, unknown>][] = [
  ['/cron', { cron: '0 0 2 * * *' }],
  ['/cron', { cron: '61 2 * * *' }],
  ['/cron', { cron: '@hourly' }],
  ['/cron', { cron: '2027-01-01T00:00:00Z' }],
  ['/cron', { cron: '0 0 31 2 *' }],
  ['/timeZone', { timeZone: 'Europe/Nowhere' }],
  ['/timeZone', { timeZone: '+01:00' }],
  ['/overlap', { overlap: 'maybe' }],
  ['/catchUp', { catchUp: 'some' }],
  ['/enabled', { enabled: 'yes' }],
  ['/name', { name: ' ' }],
  ['/nextFireAt', { nextFireAt: '2030-01-01T00:00:00Z' }],
  ['/batch/items', { batch: { targets: batch.targets } }],
  ['/batch/items', { batch: { ...batch, items: [] } }],
  ['/batch/items/0/prompt', { batch: { ...batch, items: [{ itemKey: 'a' }] } }],
  ['/batch/uploadId', { batch: { ...batch, uploadId: unknownId } }],
  ['/batch/targets/0/provider', { batch: { ...batch, targets: [{ provider: 'gone', model: 'x' }] } }],
];

describe('what is wrong', () => {
  it.each(faulty)('at %s is named, and nothing is stored', async (pointer, wrong) => {
    const made = await create();
    const before = await list('?limit=200');
    for (const answer of [await app.post(path, { ...good, ...wrong }), await patch(made.id, wrong)]) {
      const problem = await readProblem(answer);
      expect([problem.status, problem.code]).toEqual([400, 'invalid_request']);
      expect(problem.errors.map((fault) => fault.pointer)).toEqual([pointer]);
    }
    expect(await list('?limit=200')).toEqual(before);
  });

  it.each([
    ['?limit', '?limit=0'],
    ['?limit', '/ID/firings?limit=201'],
    ['?cursor', '/ID/firings?cursor=x'],
    ['?x', '/ID?x=1'],
    ['{id}', '/nightly'],
  ])('at %s: %s', async (pointer, rest) => {
    const problem = await readProblem(await app.send(path + rest.replace('ID', knownId)));
    expect([problem.status, problem.errors.map((fault) => fault.pointer)]).toEqual([400, [pointer]]);
  });

  it.each([
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['GET', '/firings'],
  ])('an id that is not there: %s %s', async (method, rest) => {
    const init = method === 'PATCH' ? { method, body: '{}' } : { method };
    const problem = await readProblem(await app.send(`${path}/${unknownId}${rest}`, init));
    expect([problem.status, problem.code]).toEqual([404, 'not_found']);
  });
});
