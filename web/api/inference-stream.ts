import { EventSourceParserStream } from 'eventsource-parser/stream';
import { type CreateInference, Inference } from '../../src/contract/inference.ts';
import { inferenceEvents } from '../../src/contract/inference-event.ts';
import { send } from './http-client.ts';
import { ProblemError } from './problem-error.ts';

const path = '/api/v1/inferences';

export type StreamListener = {
  /** The question is recorded under this id, and can be stopped. */
  onStart: (id: string) => void;
  /** More of the answer. */
  onText: (text: string) => void;
};

/**
 * The events of one inference: `start`, `delta`, `error` and last `end`, which holds the record. A failure that is recorded has an
 * `error` before its `end`; the record says more and wins.
 * @throws {ProblemError} what a stream without an end was ended by
 */
export const readInferenceEvents = async (
  body: ReadableStream<Uint8Array>,
  listener: StreamListener,
): Promise<Inference> => {
  let failure = new Error(
    'The stream ended before the answer did. What became of the question stands under Runs.',
  );
  const events = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  for (;;) {
    const { done, value } = await events.read();
    if (done) throw failure;
    const { event, data } = value;
    if (event === 'start') listener.onStart(inferenceEvents.start.parse(JSON.parse(data)).inferenceId);
    else if (event === 'delta') listener.onText(inferenceEvents.delta.parse(JSON.parse(data)).text);
    else if (event === 'error') failure = new ProblemError(inferenceEvents.error.parse(JSON.parse(data)));
    else if (event === 'end') return inferenceEvents.end.parse(JSON.parse(data));
  }
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
    ? readInferenceEvents(response.body, listener)
    : Inference.parse(await response.json());
};

/** The server doesn't see that a reader has gone; it must be told. */
export const cancelInference = async (id: string): Promise<void> => {
  await send('POST', `${path}/${id}/cancel`);
};
