import type { Inference } from '../../contract/inference.ts';
import type { NewRun } from '../../db/runs/inference-repository.ts';
import type { AnswerListener } from '../calls/answer-listener.ts';
import type { CancelWatch } from './cancel-watch.ts';
import type { InferenceListener } from './inference-service.ts';

export type StreamedRun = {
  /** What the asking needs to know of it. */
  answer: AnswerListener;
  /** The run is committed: its listener hears of it, and it can be stopped. */
  begun(run: NewRun): void;
  /** The settled inference with what only this run knows. */
  complete(inference: Inference): Inference;
  close(): void;
};

/**
 * The longest a streamed run may last, its wait for a turn included, in ms. Its lease (30 s more) must be over before the platform's
 * adapter ends the stream (8 min), so that the last event is the record.
 */
export const longestStreamMs = 7 * 60_000;

/** One run that is heard while it is answered, and stopped on request. */
export const openStreamedRun = (listener: InferenceListener, cancelWatch: CancelWatch): StreamedRun => {
  const stop = new AbortController();
  let cancelRequestedAt: Date | null = null;
  let unwatch = () => {};
  return {
    answer: { onDelta: (text) => listener.onDelta(text), signal: stop.signal },
    begun: ({ id, provider, model }) => {
      unwatch = cancelWatch.add(id, (requestedAt) => {
        cancelRequestedAt = requestedAt;
        stop.abort();
      });
      listener.onStart({ inferenceId: id, provider, model });
    },
    complete: (inference) => ({
      ...inference,
      cancelRequestedAt: cancelRequestedAt?.toISOString() ?? null,
    }),
    close: () => unwatch(),
  };
};
