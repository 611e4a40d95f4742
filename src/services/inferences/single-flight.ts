/** Lets concurrent calls with the same key share one piece of work. A failure is shared too, and remembered by nobody. */
export const createSingleFlight = <Result>() => {
  const inFlight = new Map<string, Promise<Result>>();
  return {
    /** @returns the result, and whether another call had started the work. */
    async run(key: string, work: () => Promise<Result>): Promise<{ result: Result; shared: boolean }> {
      const running = inFlight.get(key);
      if (running !== undefined) return { result: await running, shared: true };
      const started = work();
      inFlight.set(key, started);
      try {
        return { result: await started, shared: false };
      } finally {
        inFlight.delete(key);
      }
    },
  };
};
