import { streamSSE } from 'hono/streaming';
import type { BatchDetail } from '../contract/batch.ts';
import { batchEventId, progressEvent } from '../contract/batch-progress-event.ts';
import type { ApiContext } from './app-env.ts';

export type BatchEventsOptions = {
  /** The batch as it is, read anew each time. */
  read: () => Promise<BatchDetail>;
  first: BatchDetail;
  /** Told what keeps the batch from being read: the stream then ends, and its clients come back. */
  onFailure: (error: unknown) => void;
  /** When the stream ends itself; clients come back with the last id. Below the platform's own limit, in ms. */
  withinMs: number;
  /** How often the batch is read at most, in ms; a large one, whose counting takes long, less often. */
  pollMs?: number | undefined;
  /** The platform's front end closes a connection that is silent for some minutes, in ms. */
  heartbeatMs?: number | undefined;
};

/** Of the time no more than a twentieth is spent on reading. */
const pollsPerReading = 20;
const now = () => performance.now();

/**
 * The progress of a batch as server-sent events. Each event is the whole truth of a moment under an id that names it, so nothing
 * can be missed: whoever comes back with the id of the present state hears when it changes.
 */
export const batchEvents = (c: ApiContext, options: BatchEventsOptions): Response => {
  const { read, first, onFailure, withinMs, pollMs = 1000, heartbeatMs = 15_000 } = options;
  const seen = c.req.header('last-event-id');
  // To a browser, "no content" says that it need not come back.
  if (first.finishedAt !== null && seen === batchEventId(first)) return c.body(null, 204);
  // Nobody would read what is written for this one.
  if (c.req.method === 'HEAD') return c.body(null, 200, { 'Content-Type': 'text/event-stream' });
  return streamSSE(c, async (stream) => {
    const endsAt = now() + withinMs;
    let beatAt = now() + heartbeatMs;
    let readAt = now() + pollMs;
    let batch = first;
    let lastId = seen;
    while (!stream.aborted) {
      const id = batchEventId(batch);
      if (id !== lastId) {
        await stream.writeSSE({ event: progressEvent, id, data: JSON.stringify(batch) });
        lastId = id;
        beatAt = now() + heartbeatMs;
      } else if (now() >= beatAt) {
        await stream.write(': still here\n\n');
        beatAt = now() + heartbeatMs;
      }
      if (batch.finishedAt !== null || now() >= endsAt) return;
      await stream.sleep(Math.max(0, Math.min(readAt, beatAt, endsAt) - now()));
      if (now() < readAt) continue;
      const startedAt = now();
      try {
        batch = await read();
      } catch (error) {
        onFailure(error);
        return;
      }
      readAt = now() + Math.max(pollMs, (now() - startedAt) * pollsPerReading);
    }
  });
};
