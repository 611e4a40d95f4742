import { createParser, type EventSourceMessage } from 'eventsource-parser';

/**
 * The events of a stream in `text/event-stream`, until it ends. `onBytes` is called for everything that arrives, also
 * for the heartbeats between events.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  onBytes: () => void,
): AsyncGenerator<EventSourceMessage> {
  const events: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event) });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    onBytes();
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* events.splice(0);
  }
}
