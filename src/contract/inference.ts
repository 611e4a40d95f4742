import { z } from 'zod';
import { Id, ModelName, Money, PageQuery, ProviderName, pageOf, StorableText, Timestamp } from './common.ts';

/** What a single text may hold, in characters, also once it is preprocessed. Token limits of the configuration come on top. */
export const maxTextLength = 4_000_000;

export const Outcome = z
  .enum([
    'ok',
    'content_filtered',
    'refused',
    'truncated',
    'provider_error',
    'timeout',
    'cancelled',
    'budget_skipped',
    'unknown_outcome',
  ])
  .meta({ id: 'Outcome', description: 'How an inference or an attempt ended.' });
export type Outcome = z.infer<typeof Outcome>;

export const Message = z
  .strictObject({
    role: z.enum(['system', 'user', 'assistant']),
    content: StorableText.max(maxTextLength),
  })
  .meta({ id: 'Message' });
export type Message = z.infer<typeof Message>;

export const Parameters = z
  .strictObject({
    temperature: z.number().min(0).max(2).optional(),
    topP: z.number().min(0).max(1).optional(),
    maxOutputTokens: z.number().int().min(1).max(1_000_000).optional(),
    stop: z.array(StorableText.min(1).max(200)).min(1).max(4).optional(),
    seed: z.number().int().min(-2_147_483_648).max(2_147_483_647).optional(),
    presencePenalty: z.number().min(-2).max(2).optional(),
    frequencyPenalty: z.number().min(-2).max(2).optional(),
    reasoningEffort: z.enum(['minimal', 'low', 'medium', 'high']).optional(),
    logprobs: z.boolean().optional(),
    topLogprobs: z.number().int().min(0).max(20).optional(),
    responseFormat: z.strictObject({ type: z.enum(['text', 'json_object']) }).optional(),
  })
  .meta({ id: 'Parameters', description: 'Sampling parameters; what is left out is left to the provider.' });
export type Parameters = z.infer<typeof Parameters>;

export const PiiKind = z.enum(['email', 'phone', 'card']).meta({ id: 'PiiKind' });
export type PiiKind = z.infer<typeof PiiKind>;

export const Preprocessing = z
  .strictObject({
    collapseWhitespace: z.boolean().optional(),
    stripControlCharacters: z.boolean().optional(),
    variables: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'a name has letters, digits and _'),
        StorableText.max(maxTextLength),
      )
      .optional(),
    removePii: z.array(PiiKind).min(1).max(3).optional(),
    maxInputTokens: z.number().int().min(1).max(10_000_000).optional(),
  })
  .meta({
    id: 'Preprocessing',
    description: 'Steps taken before the question is sent; the original is kept.',
  });
export type Preprocessing = z.infer<typeof Preprocessing>;

export const Metadata = z
  .record(
    StorableText.min(1).max(100),
    z.union(
      [StorableText.max(2000), z.number(), z.boolean(), z.null()],
      'must be text, a number, true, false or null',
    ),
  )
  .refine((entries) => Object.keys(entries).length <= 50, 'at most 50 entries')
  .meta({ id: 'Metadata', description: 'Labels of the caller, searchable by equality.' });
export type Metadata = z.infer<typeof Metadata>;

export const CreateInference = z
  .strictObject({
    prompt: StorableText.min(1).max(maxTextLength).optional(),
    messages: z.array(Message).min(1).max(1000).optional(),
    provider: ProviderName,
    model: ModelName,
    parameters: Parameters.optional(),
    preprocessing: Preprocessing.optional(),
    metadata: Metadata.optional(),
    deadlineMs: z.number().int().min(100).max(480_000).optional(),
    maxAttempts: z.number().int().min(1).max(10).optional(),
    shareIdentical: z.boolean().optional(),
  })
  .refine((body) => (body.prompt === undefined) !== (body.messages === undefined), {
    message: 'give exactly one of prompt and messages',
    path: ['prompt'],
  })
  .meta({ id: 'CreateInference' });
export type CreateInference = z.infer<typeof CreateInference>;

/** Token counts; null is unknown, never 0. `estimated`: counted by us because the provider reported none. */
export const Usage = z
  .object({
    inputTokens: z.number().int().nullable(),
    cachedInputTokens: z.number().int().nullable(),
    outputTokens: z.number().int().nullable(),
    reasoningTokens: z.number().int().nullable(),
    estimated: z.boolean(),
  })
  .meta({ id: 'Usage' });
export type Usage = z.infer<typeof Usage>;

export const InferenceFailure = z
  .object({ code: z.string(), message: z.string(), retryable: z.boolean() })
  .meta({ id: 'InferenceFailure' });
export type InferenceFailure = z.infer<typeof InferenceFailure>;

/** One HTTP call to a provider. */
export const Attempt = z
  .object({
    id: Id,
    attemptNumber: z.number().int(),
    status: z.enum(['sending', 'settled']),
    outcome: Outcome.nullable(),
    startedAt: Timestamp,
    settledAt: Timestamp.nullable(),
    latencyMs: z.number().nullable(),
    /** Until the first text arrived; null: nothing did, or the answer was not streamed. */
    firstTokenMs: z.number().nullable(),
    httpStatus: z.number().int().nullable(),
    error: InferenceFailure.nullable(),
    retryAfterMs: z.number().nullable(),
    providerRequestId: z.string().nullable(),
    servedModel: z.string().nullable(),
    usage: Usage.nullable(),
    costUsd: Money.nullable(),
    rateLimit: z.record(z.string(), z.string()).nullable(),
  })
  .meta({ id: 'Attempt' });
export type Attempt = z.infer<typeof Attempt>;

export const Inference = z
  .object({
    id: Id,
    status: z.enum(['sending', 'settled']),
    outcome: Outcome.nullable(),
    detail: z.string().nullable(),
    provider: z.string(),
    model: z.string(),
    servedModel: z.string().nullable(),
    messages: z.array(Message),
    /** As the caller gave them, where preprocessing changed anything; otherwise null. */
    originalMessages: z.array(Message).nullable(),
    text: z.string().nullable(),
    finishReason: z.string().nullable(),
    parameters: Parameters,
    preprocessing: Preprocessing.nullable(),
    metadata: Metadata,
    usage: Usage.nullable(),
    costUsd: Money.nullable(),
    priceId: Id.nullable(),
    latencyMs: z.number().nullable(),
    /** Until the first text arrived; null: nothing did, or the answer was not streamed. */
    firstTokenMs: z.number().nullable(),
    attemptCount: z.number().int(),
    error: InferenceFailure.nullable(),
    contentFilter: z.array(z.record(z.string(), z.unknown())).nullable(),
    providerRequestId: z.string().nullable(),
    systemFingerprint: z.string().nullable(),
    /** Parameters that the model refuses and the call therefore left out; null: none. */
    omittedParameters: z.array(z.string()).nullable(),
    requestId: z.string().nullable(),
    batchId: Id.nullable(),
    /** W3C trace id, where Langfuse or Application Insights is configured; null: not traced. */
    traceId: z.string().nullable(),
    /** Where the trace is shown; null: not traced, or the Langfuse project is not configured. */
    traceUrl: z.string().nullable(),
    createdAt: Timestamp,
    /** When somebody asked to stop it; it may have ended by itself first. */
    cancelRequestedAt: Timestamp.nullable(),
    settledAt: Timestamp.nullable(),
  })
  .meta({ id: 'Inference', description: 'One question and its recorded outcome.' });
export type Inference = z.infer<typeof Inference>;

export const InferenceDetail = Inference.extend({ attempts: z.array(Attempt), rawAnswer: z.unknown() }).meta({
  id: 'InferenceDetail',
});
export type InferenceDetail = z.infer<typeof InferenceDetail>;

export const InferencePage = pageOf(Inference).meta({ id: 'InferencePage' });
export type InferencePage = z.infer<typeof InferencePage>;

/** The one filter object of every list and every study figure. */
export const InferenceFilter = z.strictObject({
  provider: ProviderName.optional(),
  model: ModelName.optional(),
  outcome: Outcome.optional(),
  status: z.enum(['sending', 'settled']).optional(),
  batchId: Id.optional(),
  from: Timestamp.optional(),
  to: Timestamp.optional(),
  /** Words of the prompt or the answer (full text; part of a word matches by trigrams). */
  text: StorableText.min(1).max(500).optional(),
  /** `key:value`: the metadata entry has exactly this value. */
  metadata: StorableText.regex(/^[^:]{1,100}:[\s\S]*$/, 'write it as key:value')
    .max(2200)
    .optional(),
});
export type InferenceFilter = z.infer<typeof InferenceFilter>;

export const ListInferencesQuery = InferenceFilter.extend(PageQuery);
export type ListInferencesQuery = z.infer<typeof ListInferencesQuery>;
