import { BatchDetail } from '../src/contract/batch.ts';
import { type ApiCall, mayPass } from './api-call.ts';
import { NoEventsError, readBatchEvents } from './read-batch-events.ts';

export type FollowOptions = {
  signal?: AbortSignal | undefined;
  silenceMs?: number;
  firstBytesMs?: number;
  /** Between two questions where events do not come through. */
  pollMs?: number;
  /** Without any answer for so long it gives up. */
  patienceMs?: number;
};

export const isFinished = ({ status }: BatchDetail): boolean =>
  status === 'completed' || status === 'cancelled';

/**
 * The states of a batch until it is finished: from its events, taken up again after a cut, or by asking again and again
 * where events do not come through. @throws {ApiError} when it is refused, {ConnectionError} when nobody has answered
 * for `patienceMs`.
 */
export async function* followBatch(
  api: ApiCall,
  id: string,
  options: FollowOptions = {},
): AsyncGenerator<BatchDetail> {
  const { signal, silenceMs = 40_000, firstBytesMs = 10_000, pollMs = 2_000, patienceMs = 120_000 } = options;
  let lastEventId: string | undefined;
  let hasEvents = true;
  let failures = 0;
  let aliveAt = performance.now();

  const onBytes = () => {
    aliveAt = performance.now();
  };
  /** One connection, or after two in vain one plain question: it tells whether the stream is at fault or the host. */
  const listen = async function* (): AsyncGenerator<BatchDetail> {
    if (hasEvents && failures < 2) {
      const connection = { signal, lastEventId, silenceMs, firstBytesMs, onBytes };
      for await (const event of readBatchEvents(api, id, connection)) {
        lastEventId = event.id ?? lastEventId;
        yield event.detail;
      }
    } else {
      const init = signal === undefined ? {} : { signal };
      yield await api.json(`/api/v1/batches/${encodeURIComponent(id)}`, BatchDetail, init);
    }
  };

  for (;;) {
    let heard = 0;
    try {
      for await (const detail of listen()) {
        heard++;
        aliveAt = performance.now();
        yield detail;
        if (isFinished(detail)) return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof NoEventsError) {
        hasEvents = false;
        failures = 0;
        continue;
      }
      if (!mayPass(error) || performance.now() - aliveAt > patienceMs) throw error;
    }
    // The server ends each stream in time, and a cut one that has told something is no failure either.
    failures = heard > 0 ? 0 : failures + 1;
    await api.wait(hasEvents || failures > 0 ? { failures } : { ms: pollMs }, signal);
  }
}
