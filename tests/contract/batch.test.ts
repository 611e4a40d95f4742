import { describe, expect, it } from '@jest/globals';
import { CreateBatch, maxBatchQuestions } from '../../src/contract/batch.ts';
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
      onUnknown: 'resend',
    });
  });

  it.each([
    ['items', { ...batch, items: [] }],
    ['items', { ...batch, items: [...batch.items, ...batch.items] }],
    ['items.0.prompt', { ...batch, items: [{ itemKey: 'a' }] }],
    ['items.0.itemKey', { ...batch, items: [{ itemKey: 'a\u0000', prompt: 'Why?' }] }],
    ['maxCostUsd', { ...batch, maxCostUsd: '-1' }],
    ['maxCostUsd', { ...batch, maxCostUsd: '1e9' }],
    ['targets', { ...batch, targets: [] }],
  ])('names %s as the fault of %j', (path, body) => {
    expect(faultOf(body)).toBe(path);
  });

  it('refuses more questions than a batch may have', () => {
    const items = Array.from({ length: maxBatchQuestions / 1000 + 1 }, (_, n) => ({
      itemKey: `${n}`,
      prompt: 'x',
    }));
    expect(faultOf({ ...batch, items, repetitions: 1000 })).toBe('items');
    expect(faultOf({ ...batch, items: items.slice(1), repetitions: 1000 })).toBeUndefined();
  });
});

describe('CreateSchedule and UpdateSchedule', () => {
  it('fill in policies only where a schedule is made', () => {
    const schedule = CreateSchedule.parse({ name: 'nightly', cron: '0 3 * * *', batch });
    expect(schedule).toMatchObject({ timeZone: 'UTC', overlap: 'skip', catchUp: 'latest', enabled: true });
    expect(UpdateSchedule.parse({ enabled: false })).toEqual({ enabled: false });
  });
});
