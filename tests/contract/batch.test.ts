import { describe, expect, it } from '@jest/globals';
import { CreateBatch } from '../../src/contract/batch.ts';
import { CreateSchedule, UpdateSchedule } from '../../src/contract/schedule.ts';

const batch = {
  targets: [{ provider: 'echo', model: 'echo-1' }],
  items: [{ itemKey: 'a', prompt: 'Why?' }],
};

const faultOf = (body: unknown) => CreateBatch.safeParse(body).error?.issues[0]?.path.join('.');

describe('CreateBatch', () => {
  it('fills in what is left out', () => {
    expect(CreateBatch.parse(batch)).toMatchObject({
      repetitions: 1,
      shareIdentical: false,
      concurrency: 32,
      maxAttempts: 5,
      onUnknown: 'resend',
    });
  });

  it.each([
    ['items', { ...batch, items: [] }],
    ['items', { ...batch, items: undefined }],
    ['items', { ...batch, uploadId: '0198c0de-0000-7000-8000-000000000001' }],
    ['uploadId', { ...batch, items: undefined, uploadId: 'x' }],
    ['items.0.prompt', { ...batch, items: [{ itemKey: 'a' }] }],
    ['items.0.itemKey', { ...batch, items: [{ itemKey: 'a\u0000', prompt: 'Why?' }] }],
    ['maxCostUsd', { ...batch, maxCostUsd: '-1' }],
    ['maxCostUsd', { ...batch, maxCostUsd: '1e9' }],
    ['targets', { ...batch, targets: [] }],
  ])('names %s as the fault of %j', (path, body) => {
    expect(faultOf(body)).toBe(path);
  });
});

describe('CreateSchedule and UpdateSchedule', () => {
  it('fill in policies only where a schedule is made', () => {
    const schedule = CreateSchedule.parse({ name: 'nightly', cron: '0 3 * * *', batch });
    expect(schedule).toMatchObject({ timeZone: 'UTC', overlap: 'skip', catchUp: 'latest', enabled: true });
    expect(UpdateSchedule.parse({ enabled: false })).toEqual({ enabled: false });
  });
});
