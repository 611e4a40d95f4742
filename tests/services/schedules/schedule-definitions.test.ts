import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { at } from '../../support/open-batches.ts';
import { exampleSchedule, openSchedules } from '../support/set-up-schedules.ts';

const nowhere = '0198c0de-0000-7000-8000-0000000000ff';
let database: Awaited<ReturnType<typeof openSchedules>>;
let host: ReturnType<typeof database.start>;
beforeAll(async () => {
  database = await openSchedules();
});
afterAll(() => database.close());
beforeEach(() => {
  host = database.start();
});

const refused = (pointer: string, message: string) => ({
  code: 'invalid_request',
  faults: [{ pointer, message: expect.stringContaining(message) }],
});

const badTimes: [string, Record<string, unknown>, ReturnType<typeof refused>][] = [
  ['a sixth field', { cron: '0 */5 * * * *' }, refused('/cron', 'five fields')],
  ['no such minute', { cron: '60 * * * *' }, refused('/cron', 'minute')],
  ['no such day', { cron: '0 0 30 2 *' }, refused('/cron', 'no year has')],
  ['no such zone', { timeZone: 'Mars/Olympus' }, refused('/timeZone', 'name of a time zone')],
];
const goneBatch = { ...exampleSchedule().batch, targets: [{ provider: 'gone', model: 'x' }] };

describe('making a schedule', () => {
  it('plans its first firing', async () => {
    const made = await host.create({ timeZone: 'Asia/Kathmandu', cron: '0 18 * * *' }, nowhere);
    expect(made).toMatchObject({
      nextFireAt: '2026-06-01T12:15:00.000Z',
      apiKeyId: nowhere,
      catchUp: 'latest',
    });
    expect(await host.service.get(made.id)).toEqual(made);
    expect(await host.create({ enabled: false })).toMatchObject({ nextFireAt: null });
  });

  it.each(badTimes)('is refused: %s', async (_, overrides, expected) => {
    const before = await host.service.list({ limit: 200 });
    await expect(host.create(overrides)).rejects.toMatchObject(expected);
    expect(await host.service.list({ limit: 200 })).toEqual(before);
  });

  it('is refused where its batch would be', async () => {
    const expected = refused('/batch/targets/0/provider', 'no provider "gone" is configured');
    await expect(host.create({ batch: goneBatch })).rejects.toMatchObject(expected);
  });
});

describe('changing a schedule', () => {
  it('plans anew when its times change, and only then', async () => {
    const made = await host.create();
    const { id } = made;
    await database.open.batches.updateSchedule(id, { nextFireAt: at(-60), updatedAt: at(0) });
    const same = { name: 'other', enabled: true, cron: made.cron, timeZone: made.timeZone };
    expect(await host.service.update(id, same)).toMatchObject({
      name: 'other',
      nextFireAt: at(-60).toISOString(),
    });
    expect(await host.service.update(id, { cron: '*/7 * * * *' })).toMatchObject({
      cron: '*/7 * * * *',
      nextFireAt: at(420).toISOString(),
      batch: made.batch,
    });
    expect(await host.service.update(id, { enabled: false })).toMatchObject({ nextFireAt: null });
    expect(await host.service.update(id, { cron: '*/5 * * * *' })).toMatchObject({ nextFireAt: null });
    expect(await host.service.update(id, { enabled: true })).toMatchObject({
      nextFireAt: at(300).toISOString(),
    });
  });

  it.each(badTimes)('is refused: %s', async (_, overrides, expected) => {
    const made = await host.create();
    await expect(host.service.update(made.id, overrides)).rejects.toMatchObject(expected);
    expect(await host.service.get(made.id)).toEqual(made);
  });

  it('is refused where its batch would be', async () => {
    const { id } = await host.create();
    await expect(host.service.update(id, { batch: goneBatch })).rejects.toMatchObject(
      refused('/batch/targets/0/provider', 'no provider "gone" is configured'),
    );
  });
});

it('what is not there is not found', async () => {
  const { service } = host;
  const attempts = [
    () => service.get(nowhere),
    () => service.update(nowhere, { name: 'x' }),
    () => service.delete(nowhere),
    () => service.listFirings(nowhere, 10),
  ];
  for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: 'not_found' });
});
