import type {} from '@azure/openai/types';
import { expect, it } from '@jest/globals';
import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import { readContentFilter } from '../../src/providers/content-filter.ts';
import type { WireChat } from '../../src/providers/wire-types.ts';

/** Fails to compile when the vendors' types no longer fit what is read of their answers. */
const asWire = (answer: ChatCompletion): WireChat<'message'> => answer;
const asWireChunk = (chunk: ChatCompletionChunk): WireChat<'delta'> => chunk;

it("reads what Azure's own types describe", () => {
  const safe = { filtered: false, severity: 'safe' } as const;
  const found = { filtered: true, severity: 'high' } as const;
  const answer = {
    choices: [{ content_filter_results: { hate: safe, violence: found } }],
    prompt_filter_results: [{ prompt_index: 0, content_filter_results: { sexual: safe } }],
  } satisfies {
    choices: Pick<ChatCompletion.Choice, 'content_filter_results'>[];
    prompt_filter_results: ChatCompletion['prompt_filter_results'];
  };
  expect(readContentFilter(asWire(answer as unknown as ChatCompletion))).toEqual([
    { category: 'sexual', filtered: false, severity: 'safe', source: 'prompt' },
    { category: 'hate', filtered: false, severity: 'safe', source: 'completion' },
    { category: 'violence', filtered: true, severity: 'high', source: 'completion' },
  ]);
  expect(asWireChunk).toBeInstanceOf(Function);
});
