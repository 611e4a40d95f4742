import type { Schedule } from '../../src/contract/schedule.ts';
import { AppError } from '../../src/errors.ts';
import type { ScheduleService } from '../../src/services/schedules/schedule-service.ts';

const exampleSchedule = (id: string): Schedule => ({
  id,
  name: 'nightly',
  cron: '0 3 * * *',
  timeZone: 'Europe/Berlin',
  batch: {
    targets: [{ provider: 'echo', model: 'echo-1' }],
    items: [{ itemKey: 'a', prompt: 'hello' }],
    repetitions: 1,
    shareIdentical: false,
    concurrency: 32,
    maxAttempts: 5,
    onUnknown: 'resend',
  },
  overlap: 'skip',
  catchUp: 'latest',
  enabled: true,
  apiKeyId: id,
  nextFireAt: '2026-01-03T02:00:00.000Z',
  createdAt: '2026-01-02T03:04:05.000Z',
  updatedAt: '2026-01-02T03:04:05.000Z',
});

/** Knows one schedule. */
export const fakeSchedules = (knownId: string): ScheduleService => {
  const schedule = exampleSchedule(knownId);
  const find = (id: string) => {
    if (id !== knownId) throw new AppError('not_found', `There is no schedule ${id}.`);
    return schedule;
  };
  return {
    create: async () => schedule,
    get: async (id) => find(id),
    list: async () => ({ data: [schedule], nextCursor: 'next' }),
    update: async (id) => find(id),
    delete: async (id) => {
      find(id);
    },
    listFirings: async (id) => {
      const { id: scheduleId } = find(id);
      const at = '2026-01-02T02:00:00.000Z';
      return [{ scheduleId, fireTime: at, status: 'started', detail: null, batchId: knownId, decidedAt: at }];
    },
    fireDue: async () => 0,
  };
};
