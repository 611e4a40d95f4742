import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request as the host forwarded it. */
export type Forwarded = { request: IncomingMessage; response: ServerResponse };

/** An invocation that the host announced. */
export type Announced = {
  invocationId: string;
  /** The request that belongs to it; null when none came in time. */
  arrival(): Promise<Forwarded | null>;
};

export type InvocationPairs = {
  /** `claimedId`: the id that its request is expected to carry, which is the client's own if it sent one. */
  announce(invocationId: string, claimedId: string): Announced;
  /** Calls `pass` with the invocation id that a request belongs to, once it is known; `refuse` when none comes. */
  match(
    forwarded: Forwarded,
    claimedId: string,
    pass: (invocationId: string) => void,
    refuse: () => void,
  ): void;
};

type Pending = Announced & { claimedId: string; deliver(forwarded: Forwarded): void };
type Waiting = { claimedId: string; found(pending: Pending): void };

/** How many turns of the event loop one half of a pair waits for the other; with those of an idle process 2.2 s. */
const mostTurns = 22;

/**
 * Brings forwarded requests and announced invocations together, whichever comes first. An invocation's own id goes
 * before an id that others merely claim (several clients may send the same one); each invocation is given away once.
 *
 * @param turnMs how long a turn of the event loop lasts at least. A busy process reads its sockets late, and its turns are long:
 *   what stands in a socket must not count as never sent, however long the process was held up.
 */
export const createInvocationPairs = ({ turnMs = 100 } = {}): InvocationPairs => {
  const byId = new Map<string, Pending>();
  const byClaim = new Map<string, Pending[]>();
  const waitingRequests = new Set<Waiting>();

  const afterWaiting = (run: () => void): { cancel(): void } => {
    let left = mostTurns;
    const turn = (): void => {
      left -= 1;
      if (left === 0) run();
      else timer = setTimeout(turn, turnMs);
    };
    let timer = setTimeout(turn, turnMs);
    return { cancel: () => clearTimeout(timer) };
  };

  const remember = (pending: Pending): void => {
    byId.set(pending.invocationId, pending);
    if (pending.claimedId === pending.invocationId) return;
    byClaim.set(pending.claimedId, [...(byClaim.get(pending.claimedId) ?? []), pending]);
  };
  const forget = (pending: Pending): void => {
    byId.delete(pending.invocationId);
    if (pending.claimedId === pending.invocationId) return;
    const rivals = (byClaim.get(pending.claimedId) ?? []).filter((rival) => rival !== pending);
    if (rivals.length === 0) byClaim.delete(pending.claimedId);
    else byClaim.set(pending.claimedId, rivals);
  };

  const createPending = (invocationId: string, claimedId: string): Pending => {
    let arrived: Forwarded | null = null;
    let wake: (() => void) | null = null;
    const pending: Pending = {
      invocationId,
      claimedId,
      deliver: (forwarded) => {
        arrived = forwarded;
        wake?.();
      },
      arrival: () => {
        if (arrived !== null) return Promise.resolve(arrived);
        return new Promise((resolve) => {
          const waiting = afterWaiting(() => {
            forget(pending);
            resolve(arrived);
          });
          wake = () => {
            waiting.cancel();
            resolve(arrived);
          };
        });
      },
    };
    return pending;
  };

  return {
    announce: (invocationId, claimedId) => {
      const pending = createPending(invocationId, claimedId);
      for (const waiting of waitingRequests) {
        if (waiting.claimedId !== invocationId && waiting.claimedId !== claimedId) continue;
        waitingRequests.delete(waiting);
        waiting.found(pending);
        return pending;
      }
      remember(pending);
      return pending;
    },
    match: (forwarded, claimedId, pass, refuse) => {
      const found = (pending: Pending): void => {
        pass(pending.invocationId);
        pending.deliver(forwarded);
      };
      const pending = byId.get(claimedId) ?? byClaim.get(claimedId)?.[0];
      if (pending !== undefined) {
        forget(pending);
        found(pending);
        return;
      }
      const timer = afterWaiting(() => {
        waitingRequests.delete(waiting);
        refuse();
      });
      const waiting: Waiting = {
        claimedId,
        found: (late) => {
          timer.cancel();
          found(late);
        },
      };
      waitingRequests.add(waiting);
    },
  };
};
