import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { ConnectionError, reasonOf } from './api-call.ts';

/**
 * The events of a stream in `text/event-stream`, until it ends. `onBytes` is called for everything that arrives, also
 * for the heartbeats between events. @throws {ConnectionError} when the stream is cut.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  onBytes: () => void,
): AsyncGenerator<EventSourceMessage> {
  const events: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event) });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  const read = () =>
    reader.read().catch((error: unknown) => {
      throw new ConnectionError(`the events broke off: ${reasonOf(error)}`, { cause: error });
    });
  try {
    for (let chunk = await read(); !chunk.done; chunk = await read()) {
      onBytes();
      parser.feed(decoder.decode(chunk.value, { stream: true }));
      yield* events.splice(0);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
