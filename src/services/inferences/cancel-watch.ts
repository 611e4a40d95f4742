import type { InferenceRepository } from '../../db/runs/inference-repository.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** Hears of wishes to stop a streamed run, whichever instance they came to. */
export type CancelWatch = {
  /** @param onRequest called once at most. @returns ends the watch of this run */
  add(runId: string, onRequest: (requestedAt: Date) => void): () => void;
};

export type CancelWatchDependencies = {
  repository: Pick<InferenceRepository, 'findCancelRequests'>;
  logger: Logger;
  /** How long after one look the next begins, in ms. */
  everyMs?: number | undefined;
};

/**
 * One look for all runs that this process streams, by primary key, and none while there are none. (LISTEN would be quicker, but
 * takes a connection of its own, and poolers in front of the database don't pass it on.)
 */
export const createCancelWatch = (dependencies: CancelWatchDependencies): CancelWatch => {
  const { repository, logger, everyMs = 300 } = dependencies;
  const watched = new Map<string, (requestedAt: Date) => void>();
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;
  let isBlind = false;

  const look = async (): Promise<void> => {
    isLooking = true;
    try {
      for (const { id, requestedAt } of await repository.findCancelRequests([...watched.keys()])) {
        const onRequest = watched.get(id);
        watched.delete(id);
        onRequest?.(requestedAt);
      }
      isBlind = false;
    } catch (error) {
      // Once an absence: the runs go on, and can be stopped when the database is back.
      if (!isBlind) logger.warn('cannot see which runs are to be stopped', { error });
      isBlind = true;
    }
    isLooking = false;
    lookSoon();
  };
  const lookSoon = (): void => {
    clearTimeout(timer);
    if (!isLooking && watched.size > 0) timer = setTimeout(look, everyMs);
  };

  return {
    add: (runId, onRequest) => {
      watched.set(runId, onRequest);
      if (watched.size === 1) lookSoon();
      return () => {
        watched.delete(runId);
        if (watched.size === 0) clearTimeout(timer);
      };
    },
  };
};
