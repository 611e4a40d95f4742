import type { ProviderErrorKind } from '../../errors.ts';

/** No way through to a model, or no answer from it: may pass by itself. */
const outages: ReadonlySet<string> = new Set<ProviderErrorKind>([
  'connection',
  'server_error',
  'overloaded',
  'timeout',
]);
/** The provider knows us and wants nothing of it: asking the next question brings the same answer. */
const closures: ReadonlySet<string> = new Set<ProviderErrorKind>([
  'authentication',
  'permission',
  'out_of_credit',
  'model_not_found',
]);
/** So many in a row, and it is taken for a state of the provider instead of bad luck. */
const failuresInARow = 10;
const firstBlockMs = 5000;
const longestBlockMs = 30_000;
/** A provider that has answered nothing for so long is given up for the batch. */
const giveUpAfterMs = 15 * 60_000;
/** How long a sign of life counts, in ms. */
const heardMs = 60_000;
/** What was given up is tried again after this time without news. */
const forgetAfterMs = 60_000;

type Outage = { inARow: number; since: number; lastAt: number; blocks: number; blockedUntil: number };
type Closure = { inARow: number; kind: string; lastAt: number };

/** What this process has learned of its providers. */
export type ProviderHealth = {
  /**
   * Takes note of how a call ended: the kind of its error, null for an answer of any sort.
   * @param target of one generation of a batch, so that what is asked again gets a fresh chance
   * @returns until when the provider should be left alone; null: go on
   */
  report(call: { provider: string; target: string; kind: string | null; now: number }): number | null;
  /** Whether anything of it has been heard lately: then it is there. */
  isHeard(provider: string, now: number): boolean;
  /** Why no further question should be sent there, as the `detail` of an outcome; null: go on. */
  givenUp(provider: string, target: string, now: number): string | null;
};

/** A circuit breaker: opens after ten failures in a row, lets a few calls through after 5, 10, 20, 30 s, and gives up in the end. */
export const createProviderHealth = (): ProviderHealth => {
  const outagesOf = new Map<string, Outage>();
  const closuresOf = new Map<string, Closure>();
  const heardAt = new Map<string, number>();

  const reportOutage = (provider: string, now: number): number | null => {
    const before = outagesOf.get(provider);
    const outage = before ?? { inARow: 0, since: now, lastAt: now, blocks: 0, blockedUntil: 0 };
    outagesOf.set(provider, outage);
    outage.inARow += 1;
    outage.lastAt = now;
    if (outage.inARow < failuresInARow || now < outage.blockedUntil) return null;
    outage.blockedUntil = now + Math.min(longestBlockMs, firstBlockMs * 2 ** outage.blocks);
    outage.blocks += 1;
    return outage.blockedUntil;
  };

  return {
    report: ({ provider, target, kind, now }) => {
      if (kind === null || !outages.has(kind)) heardAt.set(provider, now);
      if (kind !== null && outages.has(kind)) return reportOutage(provider, now);
      if (kind !== null && closures.has(kind)) {
        const inARow = (closuresOf.get(target)?.inARow ?? 0) + 1;
        closuresOf.set(target, { inARow, kind, lastAt: now });
        return null;
      }
      // Too fast is no news of its health; everything else is: somebody there has read the question.
      if (kind === 'rate_limited') return null;
      outagesOf.delete(provider);
      closuresOf.delete(target);
      return null;
    },
    isHeard: (provider, now) => now - (heardAt.get(provider) ?? Number.NEGATIVE_INFINITY) < heardMs,
    givenUp: (provider, target, now) => {
      const closure = closuresOf.get(target);
      if (closure !== undefined && now - closure.lastAt > forgetAfterMs) closuresOf.delete(target);
      else if (closure !== undefined && closure.inARow >= failuresInARow) return closure.kind;
      const outage = outagesOf.get(provider);
      if (outage === undefined || outage.lastAt - outage.since < giveUpAfterMs) return null;
      if (now - outage.lastAt <= forgetAfterMs) return 'provider_down';
      outagesOf.delete(provider);
      return null;
    },
  };
};
