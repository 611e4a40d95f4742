/** Calls at once, in order of asking. */
export type CallPermits = {
  /** @returns what gives the permit back; null: none came free within `withinMs` */
  acquire(withinMs: number): Promise<(() => void) | null>;
  readonly taken: number;
};

export const createCallPermits = (most: number): CallPermits => {
  let taken = 0;
  const waiting: (() => void)[] = [];

  const giveBack = (): void => {
    taken -= 1;
    waiting.shift()?.();
  };
  const take = (): (() => void) => {
    taken += 1;
    return giveBack;
  };

  return {
    get taken() {
      return taken;
    },
    acquire: (withinMs) => {
      if (taken < most && waiting.length === 0) return Promise.resolve(take());
      return new Promise((resolve) => {
        const served = (): void => {
          clearTimeout(timer);
          resolve(take());
        };
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(served), 1);
          resolve(null);
        }, withinMs);
        waiting.push(served);
      });
    },
  };
};
