import { readText } from './chat-answer.ts';
import { mergeFilterResults } from './content-filter.ts';
import type { PartialAnswer } from './map-provider-error.ts';
import type { WireChat, WireChoice, WireMessage } from './wire-types.ts';

export type ChatAssembly = {
  /** Takes in one chunk. @returns the text it adds, possibly empty. */
  add(chunk: WireChat<'delta'>): string;
  /** What is there so far: all text, and the model that answers, once the vendor has named it. */
  partial(): PartialAnswer;
  /** Whether the vendor has said why it stopped: only then the answer is whole. */
  finished(): boolean;
  /** The chunks put together in the shape of an answer that wasn't streamed. */
  answer(): WireChat<'message'>;
};

type Logprobs = NonNullable<WireChoice<'delta'>['logprobs']>;

const joinLogprobs = (earlier: Logprobs | null, later: Logprobs | null | undefined): Logprobs | null => {
  if (!later) return earlier;
  return {
    content: [...(earlier?.content ?? []), ...(later.content ?? [])],
    refusal: [...(earlier?.refusal ?? []), ...(later.refusal ?? [])],
  };
};

/** Puts the chunks of a stream together. Only the first choice counts: no other is asked for. */
export const createChatAssembly = (): ChatAssembly => {
  const head: WireChat<'message'> = {};
  const texts: string[] = [];
  let refusal = '';
  let reasoning = '';
  let finishReason: string | null = null;
  let logprobs: Logprobs | null = null;
  let filter: WireChoice<'delta'>['content_filter_results'] = null;

  const addDelta = (delta: WireMessage | null | undefined): string => {
    const text = readText(delta?.content);
    if (text !== '') texts.push(text);
    refusal += delta?.refusal ?? '';
    reasoning += delta?.reasoning_content ?? '';
    return text;
  };

  return {
    add: (chunk) => {
      // Azure's first chunk carries only filter results and an empty model; some vendors name the model once.
      head.id ||= chunk.id;
      head.created ||= chunk.created;
      head.model ||= chunk.model;
      head.system_fingerprint ||= chunk.system_fingerprint;
      head.usage = chunk.usage ?? head.usage;
      head.prompt_filter_results = chunk.prompt_filter_results ?? head.prompt_filter_results;
      const choice = chunk.choices?.find(({ index }) => (index ?? 0) === 0);
      if (!choice) return '';
      finishReason = choice.finish_reason || finishReason;
      logprobs = joinLogprobs(logprobs, choice.logprobs);
      filter = mergeFilterResults(filter, choice.content_filter_results);
      return addDelta(choice.delta);
    },
    partial: () => ({ text: texts.join(''), servedModel: head.model || null }),
    finished: () => finishReason !== null,
    answer: () => {
      const message: WireMessage = {
        role: 'assistant',
        content: texts.join(''),
        refusal: refusal || null,
        ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
      };
      const choice: WireChoice<'message'> = { index: 0, message, finish_reason: finishReason, logprobs };
      if (filter) choice.content_filter_results = filter;
      return { ...head, choices: [choice] };
    },
  };
};
