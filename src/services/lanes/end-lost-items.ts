import type { Batch } from '../../contract/batch.ts';
import type { BatchRepository } from '../../db/batches/batch-repository.ts';
import type { AskingLane } from './ask-items.ts';
import type { ProviderHealth } from './provider-health.ts';
import type { SettleUnsent } from './settle-unsent.ts';

type Dependencies = {
  repository: Pick<BatchRepository, 'leaseItems'>;
  health: ProviderHealth;
  settleUnsent: SettleUnsent;
  leaseMs: number;
  now: () => number;
};

/** A target as the health of providers knows it: a retry has another generation, and with it a fresh chance. */
export const targetKey = ({ id, generation }: Batch, targetIndex: number): string =>
  `${id}-${generation}-${targetIndex}`;

/** Items that end in one commit: many, because they take part in nothing else; not so many that others wait for the lock. */
const mostAtOnce = 100;

export type LostItems = {
  /** Whether a target is given up: nothing more is to be sent there. */
  isLost(batch: Batch, targetIndex: number): boolean;
  /** Leases and ends items of such targets. @returns how many; 0: there were none, or they have to wait */
  end(lane: AskingLane, generation: number, targetIndexes: readonly number[]): Promise<number>;
};

/** Ends what is left for a target that is given up by the hundred, instead of giving each item a worker's place. */
export const createLostItems = (dependencies: Dependencies): LostItems => {
  const { repository, health, settleUnsent, leaseMs, now } = dependencies;
  const reasonOf = (batch: Batch, targetIndex: number): string | null =>
    health.givenUp(batch.targets[targetIndex]?.provider ?? '', targetKey(batch, targetIndex), now());

  return {
    isLost: (batch, targetIndex) => reasonOf(batch, targetIndex) !== null,
    end: async (lane, generation, targetIndexes) => {
      const { batch, leaseToken } = lane;
      let ended = 0;
      for (const targetIndex of targetIndexes) {
        const reason = reasonOf(batch, targetIndex);
        if (reason === null) continue;
        const items = await repository.leaseItems({
          batchId: batch.id,
          generation,
          limit: mostAtOnce,
          targetIndexes: [targetIndex],
          leaseToken,
          now: new Date(now()),
          leaseUntil: new Date(now() + leaseMs),
        });
        await settleUnsent(lane, items, 'provider_error', reason);
        ended += items.length;
      }
      return ended;
    },
  };
};
