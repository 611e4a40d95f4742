import type { TickReport } from '../contract/tick.ts';
import type { BatchRepository } from '../db/batches/batch-repository.ts';
import type { QueueFigures } from '../db/batches/queue-figures.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { BatchConductor } from './batches/batch-conductor.ts';
import { createReviveBatches } from './batches/revive-batches.ts';
import type { EmbeddingService } from './embeddings/embedding-service.ts';
import type { ExportService } from './exports/export-service.ts';
import type { InferenceService } from './inferences/inference-service.ts';
import type { ScheduleService } from './schedules/schedule-service.ts';
import type { StudyService } from './study/study-service.ts';
import type { TickService } from './tick-service.ts';
import type { UploadService } from './uploads/upload-service.ts';

export type TickServiceDependencies = {
  repository: BatchRepository;
  conductor: BatchConductor;
  inferenceService: Pick<InferenceService, 'sweep'>;
  scheduleService: Pick<ScheduleService, 'fireDue'>;
  uploadService: Pick<UploadService, 'expire'>;
  exportService: Pick<ExportService, 'tend'>;
  /** Embeds new prompts; left out: nobody does here. */
  embeddingService?: Pick<EmbeddingService, 'tend'> | undefined;
  /** Adds up the figures of what has changed; left out: nobody does here. */
  studyService?: Pick<StudyService, 'rollUp'> | undefined;
  logger: Logger;
  /** Left out: nothing is measured. */
  telemetry?: Pick<Telemetry, 'measures' | 'measure'> | undefined;
  /** A batch that could go on, and has not for so long, gets a new orchestration, in ms. */
  stallMs: number;
  /** Epoch ms. */
  now?: (() => number) | undefined;
};

const tickName = 'minute';
/** Two timers of one minute must share a turn, two minutes must not. */
const turnMs = 30_000;
const staleMs = 90_000;
/** How often a process asks whether the tick is stale. */
const askMs = 60_000;
/** How much one tick takes back; the next one goes on. */
const mostAtOnce = 5000;
/** An item whose worker was lost so often is not given to another one: perhaps it is what ends them. */
const mostLostAttempts = 10;

export const createTickService = (dependencies: TickServiceDependencies): TickService => {
  const {
    repository,
    inferenceService,
    scheduleService,
    uploadService,
    exportService,
    embeddingService,
    studyService,
    logger,
    telemetry,
    now = Date.now,
  } = dependencies;
  const reviveBatches = createReviveBatches({ ...dependencies, now });
  let askAgainAt = 0;

  const part = async (name: string, work: () => Promise<number>): Promise<number> => {
    try {
      return await work();
    } catch (error) {
      logger.error('a part of the tick failed', { part: name, error });
      return 0;
    }
  };

  const tick = async (): Promise<TickReport> => {
    const at = new Date(now());
    // Leases first: what they give back is what a batch is revived for.
    const runsSwept = await part('sweep', () => inferenceService.sweep());
    const leasesExpired = await part('leases', () =>
      repository.expireLeases(at, { limit: mostAtOnce, maxAttempts: mostLostAttempts }),
    );
    const reservationsExpired = await part('reservations', () =>
      repository.expireReservations(at, mostAtOnce),
    );
    const firings = await part('schedules', () => scheduleService.fireDue());
    const batchesStarted = await part('batches', reviveBatches);
    const uploadsExpired = await part('uploads', () => uploadService.expire());
    const exportsExpired = await part('exports', () => exportService.tend());
    const hoursRolledUp = await part('figures', async () => (await studyService?.rollUp()) ?? 0);
    // Last: it waits for a provider, and nobody waits for it.
    const promptsEmbedded = await part('embeddings', async () => (await embeddingService?.tend()) ?? 0);
    const report = {
      firings,
      batchesStarted,
      leasesExpired,
      reservationsExpired,
      runsSwept,
      uploadsExpired,
      exportsExpired,
      hoursRolledUp,
      promptsEmbedded,
    };
    if (Object.values(report).some((count) => count > 0)) logger.info('tick', report);
    return report;
  };

  /** As things stood before this tick, which is about to mend them. Null: nobody reads it, or it could not be read. */
  const look = async (): Promise<QueueFigures | null> => {
    if (!telemetry?.measures) return null;
    try {
      return await repository.queueFigures(tickName, new Date(now()));
    } catch (error) {
      logger.warn('the queue could not be measured', { error });
      return null;
    }
  };

  const measure = (figures: QueueFigures | null): void => {
    if (figures === null || !telemetry) return;
    telemetry.measure('sq.queue.pending', figures.pendingCount);
    telemetry.measure('sq.queue.oldest_lease_age', figures.oldestLeaseAgeS);
    telemetry.measure('sq.uploads', figures.uploadCount);
    if (figures.tickAgeS !== null) telemetry.measure('sq.tick.age', figures.tickAgeS);
  };

  const claim = async (intervalMs: number): Promise<boolean> => {
    const figures = await look();
    const isClaimed = await repository.claimTick(tickName, new Date(now()), intervalMs);
    if (isClaimed) measure(figures);
    return isClaimed;
  };

  const inTurn = async (intervalMs: number): Promise<TickReport | null> =>
    (await claim(intervalMs)) ? tick() : null;

  return {
    tick: async () => {
      await claim(0);
      return tick();
    },
    tickInTurn: () => inTurn(turnMs),
    tickIfStale: async () => {
      if (now() < askAgainAt) return;
      askAgainAt = now() + askMs;
      try {
        await inTurn(staleMs);
      } catch (error) {
        logger.warn('whether the tick is stale could not be told', { error });
      }
    },
  };
};
