import type { BatchRepository, LeasedItem } from '../../db/batches/batch-repository.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { AskingLane } from './ask-items.ts';

export type SettleUnsent = (
  lane: Pick<AskingLane, 'batch' | 'leaseToken' | 'onSettled'>,
  items: readonly LeasedItem[],
  outcome: 'provider_error' | 'budget_skipped',
  detail: string,
) => Promise<void>;

type Dependencies = {
  repository: Pick<BatchRepository, 'settleUnsentItems'>;
  logger: Logger;
  now: () => number;
};

/** Ends leased items that nobody needs to be asked about. */
export const createSettleUnsent =
  ({ repository, logger, now }: Dependencies): SettleUnsent =>
  async ({ batch, leaseToken, onSettled }, items, outcome, detail) => {
    if (items.length === 0) return;
    const unsent = items.map(({ batchId, position }) => ({ batchId, position, leaseToken, outcome, detail }));
    await repository.settleUnsentItems(unsent, new Date(now()));
    onSettled(items.length);
    logger.debug('batch items ended unasked', { batchId: batch.id, count: items.length, outcome, detail });
  };
