import type { InferenceRepository } from '../db/runs/inference-repository.ts';
import type { Logger } from '../telemetry/logger.ts';

export type PrepareDatabaseDependencies = {
  repository: Pick<InferenceRepository, 'migrationsApplied'>;
  /** Brings the database to the newest schema; several at once wait for each other. Null: somebody else does. */
  migrate: (() => Promise<void>) | null;
  logger: Logger;
};

/**
 * Migrates the database before the first request, where the app is told to. It never throws: what needs no database still works,
 * readiness tells, and the next call tries again. Once the schema is there it costs nothing any more.
 */
export const createPrepareDatabase = ({ repository, migrate, logger }: PrepareDatabaseDependencies) => {
  let isReady = migrate === null;
  let underWay: Promise<void> | null = null;

  const prepare = async (): Promise<void> => {
    try {
      if (!(await repository.migrationsApplied())) {
        logger.warn('the database lacks migrations of this build, applying them');
        await migrate?.();
      }
      isReady = true;
    } catch (error) {
      logger.error('the database could not be migrated', { error });
    }
  };

  return async (): Promise<void> => {
    if (isReady) return;
    underWay ??= prepare().finally(() => {
      underWay = null;
    });
    await underWay;
  };
};
