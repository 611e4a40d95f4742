import { type InferenceEvent, inferenceEvents } from '../src/contract/inference-event.ts';
import { ConnectionError } from './api-call.ts';
import { readEvents } from './read-events.ts';

/** The API's heartbeat is 15 s; a stream that brings not even that for so long is dead, in ms. */
const silenceMs = 60_000;

/**
 * The events of a streamed inference, each checked against the contract. The last one is `end`, or `error` where the end could not
 * be recorded; names that are not known yet are passed by.
 * @throws {ConnectionError} when the stream is cut or silent: what became of the question is in its record
 */
export async function* readInferenceEvents(
  response: Response,
  options: { silenceMs?: number } = {},
): AsyncGenerator<InferenceEvent> {
  if (response.body === null) throw new ConnectionError('the events have no body');
  const within = options.silenceMs ?? silenceMs;
  const silence = new AbortController();
  const onSilence = () => silence.abort(new ConnectionError(`no event and no heartbeat for ${within} ms`));
  let timer = setTimeout(onSilence, within);
  const onBytes = () => {
    clearTimeout(timer);
    timer = setTimeout(onSilence, within);
  };
  let last: string | null = null;
  try {
    const body = response.body.pipeThrough(new TransformStream(), { signal: silence.signal });
    for await (const { event, data } of readEvents(body, onBytes)) {
      if (event === undefined || !isKnown(event)) continue;
      last = event;
      yield { type: event, data: inferenceEvents[event].parse(JSON.parse(data)) } as InferenceEvent;
    }
  } catch (error) {
    silence.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  if (last !== 'end' && last !== 'error') throw new ConnectionError('the events ended without the record');
}

const isKnown = (name: string): name is keyof typeof inferenceEvents => Object.hasOwn(inferenceEvents, name);
