export type CallDeadline = {
  /** Aborts at the timeout or with the caller's signal. */
  signal: AbortSignal;
  /** Which of the two it was; null while neither happened. */
  reason(): 'timeout' | 'cancelled' | null;
  /** Waits for `work`, though no longer than the deadline: rejects when the signal aborts. */
  race<Value>(work: Promise<Value>): Promise<Value>;
  /** Frees the timer and the listener on the caller's signal. */
  close(): void;
};

/**
 * One deadline for a whole call, body included, that can tell its own timeout from the caller's cancellation.
 * (A plain controller: `AbortSignal.any` with `AbortSignal.timeout` costs several times as much for each call.)
 *
 * @param call.timeoutMs how long the call may take, in ms.
 */
export const openCallDeadline = (call: {
  signal?: AbortSignal | undefined;
  timeoutMs: number;
}): CallDeadline => {
  const controller = new AbortController();
  let reason: 'timeout' | 'cancelled' | null = null;
  const end = (why: 'timeout' | 'cancelled') => {
    reason ??= why;
    controller.abort();
  };
  const onAbort = () => end('cancelled');
  const timer = setTimeout(() => end('timeout'), call.timeoutMs);
  if (call.signal?.aborted) onAbort();
  else call.signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    reason: () => reason,
    race: (work) =>
      new Promise((resolve, reject) => {
        const onEnd = () => reject(controller.signal.reason);
        if (controller.signal.aborted) onEnd();
        controller.signal.addEventListener('abort', onEnd, { once: true });
        work.then(resolve, reject).finally(() => controller.signal.removeEventListener('abort', onEnd));
      }),
    close: () => {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', onAbort);
    },
  };
};
