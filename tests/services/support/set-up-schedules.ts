import { CreateSchedule } from '../../../src/contract/schedule.ts';
import type { NewBatchInput } from '../../../src/db/batch-repository.ts';
import { AppError } from '../../../src/errors.ts';
import { createScheduleService } from '../../../src/services/create-schedule-service.ts';
import type { PlanBatch } from '../../../src/services/plan-batch.ts';
import { exampleBatch, type OpenBatches } from '../../support/open-batches.ts';
import { createMemoryLogger } from './memory-logger.ts';

/** Plans as simply as can be; providers in `gone` are not configured. */
const createPlan =
  (gone: ReadonlySet<string>): PlanBatch =>
  async (definition, file, { apiKeyId }) => {
    const faults = definition.targets.flatMap(({ provider }, index) =>
      gone.has(provider) ? [{ pointer: `/targets/${index}/provider`, message: 'is not configured' }] : [],
    );
    if (faults.length > 0) throw new AppError('invalid_request', 'No such provider.', { faults });
    const { name = null, metadata = {} } = definition;
    const targets = definition.targets.map(({ model = 'echo-1', ...target }) => ({ ...target, model }));
    return {
      batch: exampleBatch({ name, metadata, apiKeyId, targets }),
      inputs: async function* () {
        for await (const question of file.questions()) {
          if (!('item' in question)) continue;
          const { itemKey, prompt = '', messages, parameters = {}, metadata = {} } = question.item;
          const input: NewBatchInput = {
            itemKey,
            messages: messages ?? [{ role: 'user', content: prompt }],
            parameters,
            metadata,
            questionHash: null,
          };
          yield input;
        }
      },
    };
  };

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

/** The schedules of one process, on a clock that the test sets. */
export const setUpSchedules = (repository: OpenBatches['batches'], clock: { now: number }) => {
  const gone = new Set<string>();
  const conducted: string[] = [];
  const logger = createMemoryLogger();
  const state = { conductorFails: false };
  const service = createScheduleService({
    repository,
    planBatch: createPlan(gone),
    conductor: {
      start: async (batchId) => {
        if (state.conductorFails) throw new Error('no Durable today');
        conducted.push(batchId);
      },
      state: async () => 'missing',
    },
    logger,
    now: () => clock.now,
  });
  const create = (overrides: Record<string, unknown> = {}, apiKeyId: string | null = null) =>
    service.create(exampleSchedule(overrides), { apiKeyId });
  /** The ledger, oldest first: `12:05 started`. */
  const ledger = async (id: string): Promise<string[]> =>
    (await service.listFirings(id, 200))
      .toReversed()
      .map(({ fireTime, status, detail }) =>
        [fireTime.slice(11, 16), status, ...(detail === null ? [] : [`(${detail})`])].join(' '),
      );
  return { service, create, ledger, gone, conducted, logger, state };
};
