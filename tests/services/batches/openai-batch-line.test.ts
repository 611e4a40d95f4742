import { describe, expect, it } from '@jest/globals';
import { faultsOf, openai, readOne, secret } from '../support/question-lines.ts';

describe("lines of OpenAI's batch format", () => {
  it('are questions with the model that they name', async () => {
    const question = await readOne(
      openai({
        messages: [
          { role: 'developer', content: 'Be brief.' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'W' },
              { type: 'text', text: 'hy?' },
            ],
          },
          { role: 'assistant', content: 'Because.' },
        ],
        temperature: 0.5,
        top_p: 0.9,
        max_completion_tokens: 100,
        max_tokens: null,
        stop: 'END',
        seed: 1,
        presence_penalty: 0.1,
        frequency_penalty: -0.1,
        reasoning_effort: 'low',
        logprobs: true,
        top_logprobs: 3,
        response_format: { type: 'json_object' },
        metadata: { study: 'x' },
        n: 1,
        stream: false,
        user: secret,
        store: true,
        service_tier: 'auto',
      }),
    );
    expect(question).toEqual({
      place: 'line 1',
      model: 'gpt-4o-mini',
      item: {
        itemKey: 'q1',
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'Why?' },
          { role: 'assistant', content: 'Because.' },
        ],
        parameters: {
          temperature: 0.5,
          topP: 0.9,
          maxOutputTokens: 100,
          stop: ['END'],
          seed: 1,
          presencePenalty: 0.1,
          frequencyPenalty: -0.1,
          reasoningEffort: 'low',
          logprobs: true,
          topLogprobs: 3,
          responseFormat: { type: 'json_object' },
        },
        metadata: { study: 'x' },
      },
    });
  });

  it('may leave out everything but model and messages', async () => {
    expect(await readOne(openai({ max_tokens: 7, stop: ['a', 'b'] }))).toMatchObject({
      item: { parameters: { maxOutputTokens: 7, stop: ['a', 'b'] } },
    });
    expect(await readOne(openai())).toEqual({
      place: 'line 1',
      model: 'gpt-4o-mini',
      item: { itemKey: 'q1', messages: [{ role: 'user', content: 'Why?' }], parameters: {} },
    });
  });

  it.each<[object, object, string, unknown]>([
    [{ tools: [secret] }, {}, '/body/tools', 'is not supported'],
    [{ n: 2 }, {}, '/body/n', 'must be 1'],
    [{ stream: true }, {}, '/body/stream', 'must be false'],
    [{ temperature: 3 }, {}, '/body/temperature', expect.any(String)],
    [{ max_tokens: 1, max_completion_tokens: 1 }, {}, '/body/max_tokens', expect.any(String)],
    [{ response_format: { type: 'json_schema' } }, {}, '/body/response_format/type', expect.any(String)],
    [{ stop: [secret, ''] }, {}, '/body/stop/1', expect.any(String)],
    [{ stop: { secret } }, {}, '/body/stop', 'must be text or a list of texts'],
    [{ messages: [{ role: 'tool', content: secret }] }, {}, '/body/messages/0/role', expect.any(String)],
    [
      { messages: [{ role: 'user', content: secret, name: secret }] },
      {},
      '/body/messages/0/name',
      'is not supported',
    ],
    [{ messages: [{ role: 'user', content: null }] }, {}, '/body/messages/0/content', expect.any(String)],
    [
      { messages: [{ role: 'user', content: [{ type: 'refusal', text: secret }] }] },
      {},
      '/body/messages/0/content/0/type',
      'must be "text"',
    ],
    [{ model: undefined }, {}, '/body/model', 'is missing'],
    [{}, { url: '/v1/embeddings' }, '/url', 'must be "/v1/chat/completions"'],
    [{}, { method: 'GET' }, '/method', 'must be "POST"'],
    [{}, { custom_id: '' }, '/custom_id', expect.any(String)],
    [{}, { extra: secret }, '/extra', 'is not supported'],
    [{}, { body: secret }, '/body', expect.any(String)],
  ])('with body %j and %j are refused at %s', async (body, line, pointer, message) => {
    expect(await faultsOf(openai(body, line))).toEqual({ [`line 1${pointer}`]: message });
  });
});
