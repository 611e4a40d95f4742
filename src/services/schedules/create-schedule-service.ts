import { randomUUIDv7 } from 'node:crypto';
import type { Schedule } from '../../contract/schedule.ts';
import type { ScheduleRepository } from '../../db/schedules/schedule-repository.ts';
import { AppError } from '../../errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { type BatchConductor, createStartBatch } from '../batches/batch-conductor.ts';
import { inlineQuestions } from '../batches/inline-questions.ts';
import type { PlanBatch } from '../batches/plan-batch.ts';
import { cronTimes } from './cron-times.ts';
import { createFireSchedules, type FireSchedulesDependencies } from './fire-schedules.ts';
import { createPlanFiring } from './plan-firing.ts';
import type { ScheduleService } from './schedule-service.ts';

export type ScheduleServiceDependencies = {
  repository: FireSchedulesDependencies['repository'] &
    Pick<
      ScheduleRepository,
      'insertSchedule' | 'listSchedules' | 'updateSchedule' | 'deleteSchedule' | 'listFirings'
    >;
  planBatch: PlanBatch;
  conductor: BatchConductor;
  logger: Logger;
  /** Epoch ms. */
  now?: () => number;
  newId?: () => string;
};

const notFound = (id: string) => new AppError('not_found', `There is no schedule ${id}.`);

export const createScheduleService = (dependencies: ScheduleServiceDependencies): ScheduleService => {
  const { repository, planBatch, conductor, logger } = dependencies;
  const { now = Date.now, newId = randomUUIDv7 } = dependencies;
  const planFiring = createPlanFiring({ planBatch, logger });
  const startBatch = createStartBatch({ conductor, logger });

  const get = async (id: string): Promise<Schedule> => {
    const schedule = await repository.findSchedule(id);
    if (schedule === null) throw notFound(id);
    return schedule;
  };

  /** Plans the batch as if it were to start now, and throws the plan away. */
  const checkBatch = async (batch: Schedule['batch'], apiKeyId: string | null): Promise<void> => {
    const { items, ...definition } = batch;
    try {
      await planBatch(definition, inlineQuestions(items), { apiKeyId });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const { code, message, retryable, retryAfterMs } = error;
      const faults = error.faults.map((fault) => ({ ...fault, pointer: `/batch${fault.pointer}` }));
      const options = { faults, retryable, cause: error, ...(retryAfterMs !== null && { retryAfterMs }) };
      throw new AppError(code, message, options);
    }
  };

  /** The first firing from now on. */
  const firstFiring = ({ cron, timeZone }: Pick<Schedule, 'cron' | 'timeZone'>): Date => {
    const first = cronTimes(cron, timeZone).next(new Date(now()));
    if (first === null) {
      throw new AppError('invalid_request', 'The schedule would never fire.', {
        faults: [{ pointer: '/cron', message: 'names a day that no year has' }],
      });
    }
    return first;
  };

  return {
    create: async (request, { apiKeyId }) => {
      const first = firstFiring(request);
      await checkBatch(request.batch, apiKeyId);
      return repository.insertSchedule({
        ...request,
        id: newId(),
        apiKeyId,
        createdAt: new Date(now()),
        nextFireAt: request.enabled ? first : null,
      });
    },

    get,

    list: (page) => repository.listSchedules(page),

    update: async (id, request) => {
      const before = await get(id);
      const { cron = before.cron, timeZone = before.timeZone, enabled = before.enabled } = request;
      const isMoved = cron !== before.cron || timeZone !== before.timeZone || enabled !== before.enabled;
      const first = isMoved ? firstFiring({ cron, timeZone }) : null;
      if (request.batch !== undefined) await checkBatch(request.batch, before.apiKeyId);
      const updated = await repository.updateSchedule(id, {
        ...request,
        updatedAt: new Date(now()),
        // From now on: what was planned while it was switched off, or under the old expression, is not caught up on.
        ...(isMoved && { nextFireAt: enabled ? first : null }),
      });
      if (updated === null) throw notFound(id);
      return updated;
    },

    delete: async (id) => {
      if (!(await repository.deleteSchedule(id, new Date(now())))) throw notFound(id);
    },

    listFirings: async (id, limit) => {
      await get(id);
      return repository.listFirings(id, limit);
    },

    fireDue: createFireSchedules({ repository, planFiring, startBatch, logger, now }),
  };
};
