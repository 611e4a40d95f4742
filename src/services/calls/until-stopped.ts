export const stopped = Symbol('stopped');

/**
 * Waits for work, though not beyond the moment at which it is stopped. What comes of it afterwards goes to `late`.
 *
 * @param signal left out: nothing stops it
 */
export const untilStopped = async <Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
  late: (result: Result) => void = () => {},
): Promise<Result | typeof stopped> => {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onStop = () => {
      resolve(stopped);
      work.then(late, () => {});
    };
    if (signal.aborted) return onStop();
    signal.addEventListener('abort', onStop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onStop));
  });
};
