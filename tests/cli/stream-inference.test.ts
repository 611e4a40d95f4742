import { describe, expect, it } from '@jest/globals';
import { createApiClient } from '../../cli/api-client.ts';
import { readInferenceEvents } from '../../cli/read-inference-events.ts';
import type { InferenceEvent } from '../../src/contract/inference-event.ts';
import { exampleInference, goodQuestion, knownId } from '../support/fake-services.ts';

const { attempts: _attempts, rawAnswer: _rawAnswer, ...recorded } = exampleInference;
const eventOf = (event: string, data: unknown) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
const start = eventOf('start', { inferenceId: knownId, provider: 'echo', model: 'echo-1' });
const end = eventOf('end', recorded);

const collect = async (events: AsyncIterable<InferenceEvent>) => {
  const types: string[] = [];
  for await (const { type } of events) types.push(type);
  return types;
};

describe('streamInference', () => {
  it('asks for events and gives each as its type', async () => {
    const requests: Headers[] = [];
    const client = createApiClient({
      url: 'http://sq.test',
      key: 'sq_key',
      fetch: async (_url, init) => {
        requests.push(new Headers(init?.headers));
        const text = `${start}: still here\n\n${eventOf('delta', { text: 'hello' })}${eventOf('later', {})}${end}`;
        return new Response(text, { headers: { 'content-type': 'text/event-stream' } });
      },
    });
    const stream = client.streamInference(goodQuestion, { idempotencyKey: 'once' });
    expect(await collect(stream)).toEqual(['start', 'delta', 'end']);
    expect(Object.fromEntries(requests[0] ?? [])).toMatchObject({
      accept: 'text/event-stream',
      authorization: 'Bearer sq_key',
      'content-type': 'application/json',
      'idempotency-key': 'once',
    });
  });

  it('takes a stream without its last event for a lost connection', async () => {
    await expect(collect(readInferenceEvents(new Response(start)))).rejects.toThrow('without the record');
  });

  it('gives up a stream that brings not even a heartbeat', async () => {
    let isCancelled = false;
    const silent = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(start)),
      cancel: () => {
        isCancelled = true;
      },
    });
    const events = readInferenceEvents(new Response(silent), { silenceMs: 50 });
    await expect(collect(events)).rejects.toThrow('no event and no heartbeat for 50 ms');
    expect(isCancelled).toBe(true);
  });
});
