export type StreamEnd = { kind: 'failed'; error: unknown } | { kind: 'overdue' };

export type GuardedStreamOptions = {
  contentType: string;
  withinMs: number;
  /** The data of the event `error` that says so. */
  describeEnd(message: string): object;
  onEnd(end: StreamEnd): void;
};

const encoder = new TextEncoder();

/** What tells a reader of this media type that the rest is missing; null when the type has no room for it. */
const lastWords = (
  { contentType, describeEnd }: GuardedStreamOptions,
  message: string,
): Uint8Array | null => {
  if (contentType.startsWith('text/event-stream'))
    return encoder.encode(`\n\nevent: error\ndata: ${JSON.stringify(describeEnd(message))}\n\n`);
  if (contentType.startsWith('application/x-ndjson')) {
    // Among lines that are documents of their own only the member's name tells it apart.
    const error = { message, type: 'server_error', param: null, code: 'internal' };
    return encoder.encode(`\n${JSON.stringify({ error })}\n`);
  }
  return null;
};

/**
 * Passes a body on, and ends it in-band when it fails or runs longer than `withinMs`: the platform leaves a connection
 * whose stream broke open for minutes, and kills the worker of one that outlives `functionTimeout`. A type without room
 * for such a message errors, which the invocation guard turns into a cut connection.
 */
export const guardStream = (
  body: ReadableStream<Uint8Array>,
  options: GuardedStreamOptions,
): ReadableStream<Uint8Array> => {
  const reader = body.getReader();
  let timer: NodeJS.Timeout | undefined;
  let over = false;

  const stop = (controller: ReadableStreamDefaultController<Uint8Array>, end: StreamEnd): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    options.onEnd(end);
    const message = end.kind === 'failed' ? 'The stream broke off.' : 'The stream took too long.';
    const words = lastWords(options, message);
    if (words === null) {
      controller.error(end.kind === 'failed' ? end.error : new Error(message));
    } else {
      controller.enqueue(words);
      controller.close();
    }
  };

  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      timer = setTimeout(() => {
        stop(controller, { kind: 'overdue' });
        reader.cancel().catch(() => undefined);
      }, options.withinMs);
      // A stream that nobody reads to its end must not keep a process alive.
      timer.unref();
    },
    pull: async (controller) => {
      try {
        const { done, value } = await reader.read();
        if (over) return;
        if (!done) {
          controller.enqueue(value);
          return;
        }
        over = true;
        clearTimeout(timer);
        controller.close();
      } catch (error) {
        stop(controller, { kind: 'failed', error });
      }
    },
    cancel: async (reason) => {
      over = true;
      clearTimeout(timer);
      await reader.cancel(reason);
    },
  });
};
