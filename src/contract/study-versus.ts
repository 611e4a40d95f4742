import { z } from 'zod';
import { Id, Money } from './common.ts';
import { Outcome } from './inference.ts';

const Count = z.number().int();
const Side = z.object({ batchId: Id, targetIndex: Count, provider: z.string(), model: z.string() });

const bootstrap = {
  /** Items in which it is known on both sides; repetitions of an item are averaged first. */
  itemCount: Count,
  /** Paired percentile bootstrap over items. */
  resamples: Count,
  seed: Count,
};

export const PairedDifference = z
  .object({ ...bootstrap, mean: z.number(), low: z.number(), high: z.number() })
  .meta({ id: 'PairedDifference', description: 'Mean of b − a over items, with its 95 % interval.' });
export type PairedDifference = z.infer<typeof PairedDifference>;

export const PairedCostDifference = z.object({ ...bootstrap, mean: Money, low: Money, high: Money }).meta({
  id: 'PairedCostDifference',
  description: 'Mean of b − a over items in USD, with its 95 % interval.',
});
export type PairedCostDifference = z.infer<typeof PairedCostDifference>;

export const BatchVersus = z
  .object({
    a: Side,
    b: Side,
    /** Items by key and repetition. */
    bothCount: Count,
    onlyInACount: Count,
    onlyInBCount: Count,
    /** In both, but not settled in both yet; the figures below leave them out. */
    unsettledCount: Count,
    /** Settled in both, but `cancelled` or `budget_skipped` in one: nobody was asked. Only `outcomes` has them. */
    unaskedCount: Count,
    outcomes: z.array(z.object({ a: Outcome, b: Outcome, count: Count })),
    success: z.object({
      okInBoth: Count,
      okOnlyInA: Count,
      okOnlyInB: Count,
      okInNeither: Count,
      /** Two-sided McNemar mid-p; null where items have repetitions, which are no independent trials. */
      mcnemarMidP: z.number().nullable(),
      /** Of the share of successes. */
      difference: PairedDifference.nullable(),
    }),
    latencyMs: PairedDifference.nullable(),
    costUsd: PairedCostDifference.nullable(),
  })
  .meta({ id: 'BatchVersus' });
export type BatchVersus = z.infer<typeof BatchVersus>;

const TargetIndex = z.coerce.number().int().min(0).max(9999).default(0);

/** Which target of each batch; the first where it is left out. */
export const VersusQuery = z.strictObject({
  targetA: TargetIndex,
  targetB: TargetIndex,
  seed: z.coerce.number().int().min(0).max(4_294_967_295).default(1),
});
export type VersusQuery = z.infer<typeof VersusQuery>;
