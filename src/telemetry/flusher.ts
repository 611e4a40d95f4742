export type Flusher = {
  /** Resolves when what was there at the call has been sent, or the time is over. Never rejects. */
  flush(): Promise<void>;
  /** Flushes in a moment; calls meanwhile are one. */
  flushSoon(): void;
};

/** Answers go out first, and what belongs to several requests goes together, in ms. */
const soonMs = 200;

/** Flushes one after the other, each bounded in time. `send` must end by itself some time. */
export const createFlusher = ({
  send,
  withinMs,
}: {
  send: () => Promise<void>;
  withinMs: number;
}): Flusher => {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;

  const start = (): Promise<void> => {
    next = null;
    running = send()
      .catch(() => undefined)
      .finally(() => {
        running = null;
      });
    return running;
  };
  /** What came after a flush began isn't part of it: it goes with the next. */
  const sent = (): Promise<void> => {
    if (running === null) return start();
    next ??= running.then(start);
    return next;
  };

  const flush = async (): Promise<void> => {
    let limit: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      limit = setTimeout(resolve, withinMs);
    });
    await Promise.race([sent(), over]);
    clearTimeout(limit);
  };

  return {
    flush,
    flushSoon: () => {
      if (timer !== null) return;
      timer = setTimeout(() => {
        timer = null;
        void flush();
      }, soonMs);
      // What is left when the process ends is sent by whoever ends it.
      timer.unref();
    },
  };
};
