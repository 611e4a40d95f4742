import { z } from 'zod';
import { Timestamp } from './common.ts';
import { LatencyFigures, Share } from './study.ts';

export const ProviderInfo = z
  .object({
    name: z.string(),
    kind: z.enum(['azure', 'openai', 'hyperbolic', 'compatible', 'echo']),
    /** null: any model name may be asked for. */
    models: z
      .array(
        z.object({
          id: z.string(),
          family: z.string().nullable(),
          contextTokens: z.number().int().nullable(),
        }),
      )
      .nullable(),
    capabilities: z.object({
      stream: z.boolean(),
      embed: z.boolean(),
      listModels: z.boolean(),
      logprobs: z.boolean(),
      seed: z.boolean(),
    }),
  })
  .meta({ id: 'ProviderInfo' });
export type ProviderInfo = z.infer<typeof ProviderInfo>;

export const ProviderList = z.object({ data: z.array(ProviderInfo) }).meta({ id: 'ProviderList' });
export type ProviderList = z.infer<typeof ProviderList>;

export const ProviderCondition = z
  .object({
    name: z.string(),
    /** No call of a batch goes there before: it asked for that, or failed too often in a row. null: nothing holds them back. */
    blockedUntil: Timestamp.nullable(),
    /** Share of its configured limits that is in force: below 1 for two minutes at most after a refusal for haste. */
    paceShare: z.number(),
    /** Of the last hour, those still being sent included. */
    runCount: z.number().int(),
    /** As in a study; null: nothing was asked and has ended. */
    successRate: Share.nullable(),
    errorRate: Share.nullable(),
    latencyMs: LatencyFigures.nullable(),
  })
  .meta({ id: 'ProviderCondition', description: 'How a provider fares, over all processes.' });
export type ProviderCondition = z.infer<typeof ProviderCondition>;

export const ProviderConditions = z
  .object({ data: z.array(ProviderCondition) })
  .meta({ id: 'ProviderConditions' });
