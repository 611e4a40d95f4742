import { z } from 'zod';
import { type BatchItemInput, ItemKey } from './batch-item.ts';
import { ModelName, StorableText } from './common.ts';
import { Metadata, maxTextLength, Parameters } from './inference.ts';

const given = Parameters.shape;
const Text = StorableText.max(maxTextLength);

const only = (value: string | number | boolean) => `must be ${JSON.stringify(value)}`;

const Content = z.union(
  [
    Text,
    z
      .array(z.strictObject({ type: z.literal('text', only('text')), text: Text }))
      .min(1)
      .max(1000)
      .transform((parts) => parts.map(({ text }) => text).join('')),
  ],
  'must be text or a list of parts of type text',
);

const ChatMessage = z.strictObject({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: Content,
});

/** What OpenAI lets a caller write as null is as good as left out. Members that would change the answer are refused. */
const Body = z
  .strictObject({
    model: ModelName,
    messages: z.array(ChatMessage).min(1).max(1000),
    temperature: given.temperature.nullable(),
    top_p: given.topP.nullable(),
    max_tokens: given.maxOutputTokens.nullable(),
    max_completion_tokens: given.maxOutputTokens.nullable(),
    stop: z
      .union([StorableText.min(1).max(200), given.stop.unwrap()], 'must be text or a list of texts')
      .nullish(),
    seed: given.seed.nullable(),
    presence_penalty: given.presencePenalty.nullable(),
    frequency_penalty: given.frequencyPenalty.nullable(),
    reasoning_effort: given.reasoningEffort.nullable(),
    logprobs: given.logprobs.nullable(),
    top_logprobs: given.topLogprobs.nullable(),
    response_format: given.responseFormat.nullable(),
    metadata: Metadata.nullish(),
    n: z.literal(1, only(1)).nullish(),
    stream: z.literal(false, only(false)).nullish(),
    // Of no consequence for the answer.
    user: z.unknown().optional(),
    store: z.unknown().optional(),
    service_tier: z.unknown().optional(),
  })
  .refine(
    ({ max_tokens, max_completion_tokens }) =>
      (max_tokens ?? null) === null || (max_completion_tokens ?? null) === null,
    { message: 'give only one of max_tokens and max_completion_tokens', path: ['max_tokens'] },
  );
type Body = z.infer<typeof Body>;

const withoutAbsent = <Members extends object>(members: Members) =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => (value ?? null) !== null));

const parametersOf = (body: Body): Parameters =>
  withoutAbsent({
    temperature: body.temperature,
    topP: body.top_p,
    maxOutputTokens: body.max_completion_tokens ?? body.max_tokens,
    stop: typeof body.stop === 'string' ? [body.stop] : body.stop,
    seed: body.seed,
    presencePenalty: body.presence_penalty,
    frequencyPenalty: body.frequency_penalty,
    reasoningEffort: body.reasoning_effort,
    logprobs: body.logprobs,
    topLogprobs: body.top_logprobs,
    responseFormat: body.response_format,
  });

/**
 * A line of OpenAI's Batch API for chat completions, as a question of ours and the model that it names. What we cannot ask
 * is refused by name, never left out: the answer would be one to another question.
 * @see https://platform.openai.com/docs/api-reference/batch/request-input
 */
export const OpenaiBatchLine = z
  .strictObject({
    custom_id: ItemKey,
    method: z.literal('POST', only('POST')),
    url: z.literal('/v1/chat/completions', only('/v1/chat/completions')),
    body: Body,
  })
  .transform(({ custom_id, body }): { item: BatchItemInput; model: string } => ({
    model: body.model,
    item: {
      itemKey: custom_id,
      messages: body.messages.map(({ role, content }) => ({
        role: role === 'developer' ? 'system' : role,
        content,
      })),
      parameters: parametersOf(body),
      ...(body.metadata && { metadata: body.metadata }),
    },
  }));
