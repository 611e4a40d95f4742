import { CreateSchedule } from '../../../src/contract/schedule.ts';
import { createProviders } from '../../../src/providers/create-providers.ts';
import { createPlanBatch } from '../../../src/services/batches/create-plan-batch.ts';
import { createScheduleService } from '../../../src/services/schedules/create-schedule-service.ts';
import { at, type OpenBatches, openBatches } from '../../support/open-batches.ts';
import { createMemoryLogger } from './memory-logger.ts';

export const exampleSchedule = (overrides: Record<string, unknown> = {}) =>
  CreateSchedule.parse({
    name: 'every five minutes',
    cron: '*/5 * * * *',
    batch: {
      targets: [{ provider: 'echo', model: 'echo-1' }],
      items: [{ itemKey: 'a', prompt: 'Why?' }],
    },
    ...overrides,
  });

/** Noon, plus minutes. */
export const minute = (minutes: number, seconds = 0): number => at(minutes * 60 + seconds).getTime();

/** The schedules of one process, on a clock that the test sets. */
export const setUpSchedules = (repository: OpenBatches['batches'], clock: { now: number }) => {
  /** A provider taken out of it is not configured any more. */
  const providers = new Map(createProviders([{ kind: 'echo', name: 'echo' }]));
  const conducted: string[] = [];
  const logger = createMemoryLogger();
  const state = { conductorFails: false };
  const now = () => clock.now;
  const service = createScheduleService({
    repository,
    planBatch: createPlanBatch({
      providers,
      limits: { maxInputTokens: 1000, defaultMaxOutputTokens: 100, maxOutputTokens: 1000 },
      findPrice: async () => null,
      now,
    }),
    conductor: {
      start: async ({ id, generation }) => {
        if (state.conductorFails) throw new Error('no Durable today');
        conducted.push(`${id}-${generation}`);
      },
      state: async () => 'missing',
    },
    logger,
    now,
  });
  const create = (overrides: Record<string, unknown> = {}, apiKeyId: string | null = null) =>
    service.create(exampleSchedule(overrides), { apiKeyId });

  return {
    service,
    create,
    providers,
    conducted,
    logger,
    state,

    fireAt: async (minutes: number, seconds = 0): Promise<number> => {
      clock.now = minute(minutes, seconds);
      return service.fireDue();
    },

    /** Ends the batches that the schedule has started. */
    finishAll: async (id: string): Promise<void> => {
      for (const { batchId } of await service.listFirings(id, 200)) {
        if (batchId !== null) await repository.cancelBatch(batchId, new Date(clock.now));
      }
    },

    /** The ledger, oldest first: `12:05 started`. */
    ledger: async (id: string): Promise<string[]> =>
      (await service.listFirings(id, 200))
        .toReversed()
        .map(({ fireTime, status, detail }) =>
          [fireTime.slice(11, 16), status, ...(detail === null ? [] : [`(${detail})`])].join(' '),
        ),

    /** With a schedule made at `clock.now`, which is gone afterwards: it would be due in the next test. */
    using: async (
      overrides: Record<string, unknown>,
      work: (id: string) => Promise<void>,
      apiKeyId: string | null = null,
    ): Promise<void> => {
      const { id } = await create(overrides, apiKeyId);
      try {
        await work(id);
      } finally {
        await service.delete(id);
      }
    },
  };
};

export const openSchedules = async () => {
  const open = await openBatches();
  return {
    open,
    close: open.close,
    /** A process at noon, and another over the same clock and database. */
    start: () => {
      const clock = { now: minute(0) };
      return {
        ...setUpSchedules(open.batches, clock),
        clock,
        another: () => setUpSchedules(open.openAnother(), clock),
      };
    },
  };
};
