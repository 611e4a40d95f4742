import type { RunSettlement } from '../../db/runs/inference-repository.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { ProviderPace } from '../calls/provider-pace.ts';
import type { CallVerdict } from './call-window.ts';
import type { ProviderHealth } from './provider-health.ts';

const verdicts: Readonly<Record<string, CallVerdict>> = {
  rate_limited: 'hasty',
  overloaded: 'hasty',
  server_error: 'broken',
  connection: 'broken',
  timeout: 'broken',
};

type Dependencies = { health: ProviderHealth; pace: ProviderPace; logger: Logger; now: () => number };

export type EndedCall = {
  provider: string;
  target: string;
  settlement: Pick<RunSettlement, 'error' | 'lastAttempt'>;
};

/** `blockedUntil`: when the provider may be asked again, epoch ms; 0: at once. */
export type OnLearned = (verdict: CallVerdict, blockedUntil: number) => void;

/**
 * Learns from the end of a call: a refusal for haste halves the provider's pace, its `Retry-After` and a row of failures keep all
 * workers away for a while.
 */
export const createReportCall =
  ({ health, pace, logger, now }: Dependencies) =>
  async ({ provider, target, settlement }: EndedCall, onLearned: OnLearned): Promise<void> => {
    const kind = settlement.error?.code ?? null;
    const slowDown = kind === 'rate_limited';
    const broken = health.report({ provider, target, kind, now: now() });
    const wishMs = slowDown || kind === 'overloaded' ? settlement.lastAttempt.retryAfterMs : null;
    const until = Math.max(broken ?? 0, wishMs === null ? 0 : now() + wishMs);
    if (broken !== null) {
      logger.warn('provider left alone after failures in a row', { provider, kind, until: new Date(broken) });
    }
    // The lane itself need not wait until the others can know.
    onLearned(verdicts[kind ?? ''] ?? 'well', until);
    if (slowDown || until > 0) {
      await pace.slow({ provider, slowDown, blockedUntil: until > 0 ? new Date(until) : null });
    }
  };
