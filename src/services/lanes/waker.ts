/** Lets one loop sleep until something happens, without missing what happens while it does not sleep. */
export type Waker = {
  wake(): void;
  /** Resolves after `ms`, or at the next `wake`; at once when there was one since the last pause. */
  pause(ms: number): Promise<void>;
};

export const createWaker = (): Waker => {
  let isDue = false;
  let wakeSleeper: (() => void) | null = null;
  return {
    wake: () => {
      isDue = true;
      wakeSleeper?.();
    },
    pause: async (ms) => {
      if (!isDue && ms > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wakeSleeper = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wakeSleeper = null;
      }
      isDue = false;
    },
  };
};
