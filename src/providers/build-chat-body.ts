import type { Dialect, SamplingField } from './dialect-memory.ts';
import type { CompletionRequest } from './provider.ts';

export type ChatBody = {
  body: Record<string, unknown>;
  /** Parameters of the caller that this model doesn't take, by the vendor's names. */
  omittedParameters: SamplingField[];
};

/** Writes a request in the wire format of chat completions; what the caller left out is left out. */
export const buildChatBody = (request: CompletionRequest, dialect: Dialect, stream: boolean): ChatBody => {
  const { parameters } = request;
  const body: Record<string, unknown> = { model: request.model, messages: request.messages };
  body[dialect.tokenLimitField] = parameters.maxOutputTokens;
  const sampling: [SamplingField, number | undefined][] = [
    ['temperature', parameters.temperature],
    ['top_p', parameters.topP],
    ['presence_penalty', parameters.presencePenalty],
    ['frequency_penalty', parameters.frequencyPenalty],
    ['seed', parameters.seed],
  ];
  const omittedParameters: SamplingField[] = [];
  for (const [field, value] of sampling) {
    if (value === undefined) continue;
    if (dialect.omitted.has(field)) omittedParameters.push(field);
    else body[field] = value;
  }
  if (parameters.stop) body.stop = parameters.stop;
  if (parameters.reasoningEffort) body.reasoning_effort = parameters.reasoningEffort;
  if (parameters.logprobs !== undefined) body.logprobs = parameters.logprobs;
  if (parameters.topLogprobs !== undefined) body.top_logprobs = parameters.topLogprobs;
  if (parameters.responseFormat) body.response_format = parameters.responseFormat;
  if (stream) {
    body.stream = true;
    if (dialect.asksStreamUsage) body.stream_options = { include_usage: true };
  }
  return { body, omittedParameters };
};
