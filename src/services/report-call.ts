import type { RunSettlement } from '../db/inference-repository.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { ProviderHealth } from './provider-health.ts';
import type { ProviderPace } from './provider-pace.ts';

/** What these say of a provider is that it should be asked less. */
const unwell: ReadonlySet<string> = new Set([
  'rate_limited',
  'overloaded',
  'server_error',
  'connection',
  'timeout',
]);

type Dependencies = { health: ProviderHealth; pace: ProviderPace; logger: Logger; now: () => number };

export type EndedCall = {
  provider: string;
  target: string;
  settlement: Pick<RunSettlement, 'error' | 'lastAttempt'>;
};

/**
 * Learns from the end of a call: a refusal for haste halves the provider's pace, its `Retry-After` and a row of failures keep all
 * workers away for a while. @returns whether the provider did what it is there for
 */
export const createReportCall =
  ({ health, pace, logger, now }: Dependencies) =>
  async ({ provider, target, settlement }: EndedCall): Promise<boolean> => {
    const kind = settlement.error?.code ?? null;
    const slowDown = kind === 'rate_limited';
    const broken = health.report({ provider, target, kind, now: now() });
    const wishMs = slowDown || kind === 'overloaded' ? settlement.lastAttempt.retryAfterMs : null;
    const until = Math.max(broken ?? 0, wishMs === null ? 0 : now() + wishMs);
    if (broken !== null) {
      logger.warn('provider left alone after failures in a row', { provider, kind, until: new Date(broken) });
    }
    if (slowDown || until > 0) {
      await pace.slow({ provider, slowDown, blockedUntil: until > 0 ? new Date(until) : null });
    }
    return kind === null || !unwell.has(kind);
  };
