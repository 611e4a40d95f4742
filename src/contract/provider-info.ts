import { z } from 'zod';

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
