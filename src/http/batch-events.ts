import { streamSSE } from 'hono/streaming';
import type { BatchDetail } from '../contract/batch.ts';
import { batchEventId, progressEvent } from '../contract/batch-progress-event.ts';
import type { ApiContext } from './app-env.ts';

export type BatchEventsOptions = {
  /** The batch as it is, read anew each time. */
  read: () => Promise<BatchDetail>;
  first: BatchDetail;
  /** When the stream ends itself; clients come back with the last id. Below the platform's own limit, in ms. */
  withinMs: number;
};

/** How often the batch is read at most, in ms; a large one, whose counting takes long, less often. */
const pollMs = 1000;
const pollsPerReading = 20;
/** The platform's front end closes a connection that is silent for some minutes, in ms. */
const heartbeatMs = 15_000;

/**
 * The progress of a batch as server-sent events. Each event is the whole truth of a moment under an id that names it, so nothing
 * can be missed: whoever comes back with the id of the present state hears when it changes.
 */
export const batchEvents = (c: ApiContext, { read, first, withinMs }: BatchEventsOptions): Response => {
  const seen = c.req.header('last-event-id');
  // To a browser, "no content" says that it need not come back.
  if (first.finishedAt !== null && seen === batchEventId(first)) return c.body(null, 204);
  return streamSSE(c, async (stream) => {
    const endsAt = performance.now() + withinMs;
    let lastId = seen;
    let waitMs = pollMs;
    let beatAt = performance.now() + heartbeatMs;
    for (let batch = first; !stream.aborted; ) {
      const id = batchEventId(batch);
      if (id !== lastId) {
        await stream.writeSSE({ event: progressEvent, id, data: JSON.stringify(batch) });
        lastId = id;
        beatAt = performance.now() + heartbeatMs;
      }
      if (batch.finishedAt !== null || performance.now() >= endsAt) return;
      if (performance.now() >= beatAt) {
        await stream.write(': still here\n\n');
        beatAt = performance.now() + heartbeatMs;
      }
      const startedAt = performance.now();
      await stream.sleep(waitMs);
      batch = await read();
      waitMs = Math.max(pollMs, (performance.now() - startedAt - waitMs) * pollsPerReading);
    }
  });
};
