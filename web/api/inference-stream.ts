import { EventSourceParserStream } from 'eventsource-parser/stream';
import { z } from 'zod';
import { type CreateInference, Inference } from '../../src/contract/inference.ts';
import { Problem } from '../../src/contract/problem.ts';
import { send } from './http-client.ts';
import { ProblemError } from './problem-error.ts';

const path = '/api/v1/inferences';

/** What of the events is needed here; a later server may say more. */
const Started = z.object({ id: z.string() });
const Delta = z.object({ text: z.string() });

export type StreamListener = {
  /** The question is recorded under this id, and can be stopped. */
  onStart: (id: string) => void;
  /** More of the answer. */
  onText: (text: string) => void;
};

const readEvents = async (body: ReadableStream<Uint8Array>, listener: StreamListener): Promise<Inference> => {
  const events = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream());
  for await (const { event, data } of events) {
    const value: unknown = JSON.parse(data);
    if (event === 'start') {
      const started = Started.safeParse(value);
      if (started.success) listener.onStart(started.data.id);
    } else if (event === 'delta') {
      const delta = Delta.safeParse(value);
      if (delta.success) listener.onText(delta.data.text);
    } else if (event === 'end') return Inference.parse(value);
    else if (event === 'error') throw new ProblemError(Problem.parse(value));
  }
  throw new Error('The stream ended before the answer did. What became of the question stands under Runs.');
};

/** Asks, piece by piece where the server streams and in one piece where it doesn't. */
export const streamInference = async (
  question: CreateInference,
  listener: StreamListener,
  signal: AbortSignal,
): Promise<Inference> => {
  const response = await send('POST', path, {
    json: question,
    headers: { accept: 'text/event-stream, application/json', 'idempotency-key': crypto.randomUUID() },
    signal,
  });
  const id = response.headers.get('x-sq-inference-id');
  if (id !== null) listener.onStart(id);
  const isStream = (response.headers.get('content-type') ?? '').startsWith('text/event-stream');
  return isStream && response.body !== null
    ? readEvents(response.body, listener)
    : Inference.parse(await response.json());
};

/** The server doesn't see that a reader has gone; it must be told. */
export const cancelInference = async (id: string): Promise<void> => {
  await send('POST', `${path}/${id}/cancel`);
};
