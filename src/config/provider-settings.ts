import { z } from 'zod';

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'lower-case letters, digits and dashes, a letter first');
const modelName = z.string().min(1).max(200);
const contextTokens = z.number().int().min(1).max(100_000_000).optional();

/** Keys and prompts travel to this address, so plain HTTP is for this machine only. */
export const EndpointUrl = z.url({ protocol: /^https?$/ }).refine((text) => {
  // Refused above already; the address must not get into an error of `new URL`.
  if (!URL.canParse(text)) return true;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}, 'must be https (http only for this machine)');

/** A container of Azure Blob Storage. What follows a question mark there is a signature, and with it a secret. */
export const ContainerUrl = EndpointUrl.refine(
  (text) =>
    !URL.canParse(text) || /^\/[a-z0-9/-]*[a-z0-9]$/.test(new URL(text).pathname + new URL(text).search),
  'must end with the name of a container',
);

/** One Azure deployment: its name hides the model, so the family is declared. */
const AzureDeployment = z.strictObject({ name: modelName, family: modelName, contextTokens });
export const AzureDeployments = z.array(AzureDeployment).min(1).max(200);
export type AzureDeployment = z.infer<typeof AzureDeployment>;

const CompatibleProvider = z.strictObject({
  name,
  baseUrl: EndpointUrl,
  /** Name of the setting that holds its key; none: the endpoint asks for no key. */
  keySetting: z
    .string()
    .regex(/^SQ_KEY_[A-Z0-9_]{1,60}$/, 'a name that begins with SQ_KEY_')
    .optional(),
  models: z
    .array(z.strictObject({ id: modelName, family: modelName.optional(), contextTokens }))
    .min(1)
    .max(500)
    .optional(),
  capabilities: z
    .strictObject({
      stream: z.boolean().optional(),
      embed: z.boolean().optional(),
      listModels: z.boolean().optional(),
      logprobs: z.boolean().optional(),
      seed: z.boolean().optional(),
    })
    .optional(),
});
export const CompatibleProviders = z.array(CompatibleProvider).max(50);
export type CompatibleProvider = z.infer<typeof CompatibleProvider>;

const share = z.number().min(0).max(1).optional();

const EchoInstance = z.strictObject({
  name,
  latencyMs: z.number().min(0).max(600_000).optional(),
  latencyJitterMs: z.number().min(0).max(600_000).optional(),
  outputTokens: z.number().int().min(1).max(100_000).optional(),
  failureRate: share,
  rateLimitRate: share,
  filterRate: share,
});
export const EchoInstances = z.array(EchoInstance).max(20);
export type EchoInstance = z.infer<typeof EchoInstance>;

/** `none`, or provider and model: the first slash parts them, and the model may have more. */
export const EmbeddingTarget = z
  .string()
  .regex(/^(none|[a-z][a-z0-9-]{0,39}\/.{1,200})$/, 'must be none, or provider/model')
  .transform((text) => {
    const [provider = '', ...model] = text.split('/');
    return text === 'none' ? null : { provider, model: model.join('/') };
  });

/** What a provider grants, over all workers together; what is left out is not limited by us. */
const ProviderLimit = z.strictObject({
  /** Calls of batches at once. */
  concurrency: z.number().int().min(1).max(100_000).optional(),
  requestsPerMinute: z.number().int().min(1).max(100_000_000).optional(),
  tokensPerMinute: z.number().int().min(1).max(1_000_000_000).optional(),
});
export const ProviderLimits = z.record(name, ProviderLimit);
export type ProviderLimits = z.infer<typeof ProviderLimits>;
