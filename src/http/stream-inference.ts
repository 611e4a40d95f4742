import { accepts } from 'hono/accepts';
import type { Inference, InferenceFailure } from '../contract/inference.ts';
import type { InferenceEvent, InferenceStart } from '../contract/inference-event.ts';
import type { Problem } from '../contract/problem.ts';
import type { InferenceListener, InferenceRun } from '../services/inferences/inference-service.ts';
import type { ApiContext } from './app-env.ts';
import { openEventStream } from './event-stream.ts';
import { toAppError, toProblem } from './problems.ts';

export type StreamInferenceOptions = {
  run: (listener: InferenceListener) => Promise<InferenceRun>;
  /** Sets what is known of the answer's headers at its start. */
  setHeaders: (inferenceId: string, replayed: boolean) => void;
  /** Told of a run whose end could not be recorded. */
  onFailure: (error: unknown) => void;
  heartbeatMs?: number | undefined;
};

const eventStream = 'text/event-stream';

/** Of two that it takes equally, the caller gets the one that it names first. */
export const wantsEvents = (c: ApiContext): boolean =>
  accepts(c, {
    header: 'Accept',
    supports: ['application/json', eventStream],
    default: 'application/json',
  }) === eventStream;

/**
 * One inference as server-sent events. What is refused before it begins is thrown. From then on the run goes its way whether or
 * not anybody listens: its record is the last event, and the truth.
 */
export const streamInference = async (c: ApiContext, options: StreamInferenceOptions): Promise<Response> => {
  const { run, setHeaders, onFailure, heartbeatMs = 15_000 } = options;
  const requestId = c.get('requestId');
  const started = Promise.withResolvers<InferenceStart>();
  const stream = openEventStream(heartbeatMs);
  const send = ({ type, data }: InferenceEvent) => stream.send(type, data);

  const work = run({
    onStart: (start) => {
      send({ type: 'start', data: start });
      started.resolve(start);
    },
    onDelta: (text) => send({ type: 'delta', data: { text } }),
  });

  const tellEnd = async (begun: InferenceStart | null): Promise<void> => {
    try {
      const { inference } = await work;
      if (begun === null) for (const event of replayOf(inference)) send(event);
      if (inference.error !== null) send({ type: 'error', data: toFailure(inference.error, requestId) });
      send({ type: 'end', data: inference });
    } catch (error) {
      onFailure(error);
      send({ type: 'error', data: toProblem(toAppError(error), requestId) });
    }
    stream.close();
  };

  try {
    const first = await Promise.race([started.promise, work]);
    const begun = 'inferenceId' in first ? first : null;
    setHeaders('inferenceId' in first ? first.inferenceId : first.inference.id, begun === null);
    void tellEnd(begun);
  } catch (error) {
    stream.close();
    throw error;
  }
  return c.body(stream.body, 200, { 'Content-Type': eventStream });
};

/** An earlier answer as though it came now, in one piece. */
const replayOf = ({ id, provider, model, text }: Inference): InferenceEvent[] => [
  { type: 'start', data: { inferenceId: id, provider, model } },
  ...(text === null || text === '' ? [] : [{ type: 'delta' as const, data: { text } }]),
];

/** What a recorded failure would have been as an answer of its own. */
const toFailure = ({ code, message, retryable }: InferenceFailure, requestId: string): Problem => {
  const { status, title } =
    code === 'timeout'
      ? { status: 504, title: 'The answer did not come in time' }
      : code === 'cancelled'
        ? { status: 409, title: 'Stopped on request' }
        : { status: 502, title: 'The provider gave no whole answer' };
  const type = `urn:study-query-llm:problem:${code}`;
  return { type, title, status, detail: message, code, requestId, retryable, errors: [] };
};
