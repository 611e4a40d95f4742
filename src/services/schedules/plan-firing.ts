import { Metadata } from '../../contract/inference.ts';
import type { Schedule } from '../../contract/schedule.ts';
import type { NewFiringBatch } from '../../db/schedules/schedule-repository.ts';
import { AppError, type AppErrorCode } from '../../errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { inlineQuestions } from '../batches/inline-questions.ts';
import type { PlanBatch } from '../batches/plan-batch.ts';

/** What is wrong with the definition itself, and not with us at the moment. */
const refusals: ReadonlySet<AppErrorCode> = new Set(['invalid_request', 'input_too_long', 'price_unknown']);

export type PlannedFiring = { start: NewFiringBatch } | { refusal: string };
export type PlanFiring = (schedule: Schedule, fireTime: Date) => Promise<PlannedFiring>;

/** The labels that lead from the batch back to its firing, where there is room for both. */
const withOrigin = (metadata: Metadata, schedule: Schedule, fireTime: Date): Metadata => {
  const labelled = { ...metadata, scheduleId: schedule.id, fireTime: fireTime.toISOString() };
  return Metadata.safeParse(labelled).success ? labelled : metadata;
};

/** Makes the batch of a firing. What was right when the schedule was stored may not be any more: a provider is gone, say. */
export const createPlanFiring =
  ({ planBatch, logger }: { planBatch: PlanBatch; logger: Logger }): PlanFiring =>
  async (schedule, fireTime) => {
    const { items, ...definition } = schedule.batch;
    try {
      const { batch, inputs } = await planBatch(
        {
          ...definition,
          name: definition.name ?? schedule.name,
          metadata: withOrigin(definition.metadata ?? {}, schedule, fireTime),
        },
        inlineQuestions(items),
        { apiKeyId: schedule.apiKeyId },
      );
      return { start: { batch, inputs: inputs() } };
    } catch (error) {
      if (!(error instanceof AppError && refusals.has(error.code))) throw error;
      const { id: scheduleId } = schedule;
      logger.warn('batch of a schedule refused', { scheduleId, fireTime: fireTime.toISOString(), error });
      return { refusal: `invalid: ${error.code}` };
    }
  };
