import { BatchDetail } from '../src/contract/batch.ts';
import { type ApiCall, ApiError, ConnectionError } from './api-call.ts';
import { readEvents } from './read-events.ts';

/** The events cannot be had here; the batch itself can. */
export class NoEventsError extends Error {
  override readonly name = 'NoEventsError';
}

export type BatchEventsOptions = {
  signal?: AbortSignal | undefined;
  /** The last one that was seen: what has happened since then comes first. */
  lastEventId?: string | undefined;
  /** A stream that brings not even a heartbeat for so long is dead. The API's beat is 15 s. */
  silenceMs: number;
  /** A first stream that brings nothing for so long is held back by something on the way. */
  firstBytesMs: number;
  onBytes: () => void;
};

/**
 * The progress events of one connection, until the server ends it.
 * @throws {NoEventsError}, {ApiError}, {ConnectionError} when it is cut or silent.
 */
export async function* readBatchEvents(
  api: ApiCall,
  id: string,
  options: BatchEventsOptions,
): AsyncGenerator<{ id: string | undefined; detail: BatchDetail }> {
  const { lastEventId, silenceMs, firstBytesMs } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any(
    options.signal === undefined ? [stop.signal] : [stop.signal, options.signal],
  );
  let timer: NodeJS.Timeout | undefined;
  const expectBytesWithin = (ms: number, error: Error) => {
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(error), ms);
  };
  const expectHeartbeat = () =>
    expectBytesWithin(silenceMs, new ConnectionError(`no event and no heartbeat for ${silenceMs} ms`));
  const onBytes = () => {
    options.onBytes();
    expectHeartbeat();
  };
  try {
    if (lastEventId === undefined) expectBytesWithin(firstBytesMs, new NoEventsError('events do not arrive'));
    else expectHeartbeat();
    const response = await api.send(`/api/v1/batches/${encodeURIComponent(id)}/events`, {
      signal,
      headers: {
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
    });
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    if (!isStream || response.body === null) throw new NoEventsError('what came is no event stream');
    for await (const event of readEvents(response.body, onBytes)) {
      if (event.event !== 'progress') continue;
      yield { id: event.id, detail: BatchDetail.parse(JSON.parse(event.data)) };
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ApiError && [404, 405, 406, 501].includes(error.status)) {
      throw new NoEventsError(error.message);
    }
    throw error;
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}
