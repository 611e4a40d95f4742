import type { BatchStatus } from '../../src/contract/batch.ts';
import type { Outcome } from '../../src/contract/inference.ts';
import type { ScheduleFiring } from '../../src/contract/schedule.ts';
import { formatWord } from '../format/format-values.ts';

type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'quiet';

/** A word in a colour; the word alone says it all. */
export const Badge = ({ tone, children }: { tone: Tone; children: string }) => (
  <span className={`badge badge-${tone}`}>{children}</span>
);

const outcomeTones: Record<Outcome, Tone> = {
  ok: 'good',
  content_filtered: 'warn',
  refused: 'warn',
  truncated: 'warn',
  provider_error: 'bad',
  timeout: 'bad',
  cancelled: 'quiet',
  budget_skipped: 'quiet',
  unknown_outcome: 'bad',
};

/** null: it has not ended. */
export const OutcomeBadge = ({
  outcome,
  pending = 'sending',
}: {
  outcome: Outcome | null;
  pending?: string;
}) =>
  outcome === null ? (
    <Badge tone="busy">{formatWord(pending)}</Badge>
  ) : (
    <Badge tone={outcomeTones[outcome]}>{formatWord(outcome)}</Badge>
  );

const statusTones: Record<BatchStatus, Tone> = {
  queued: 'busy',
  running: 'busy',
  paused: 'warn',
  cancelling: 'quiet',
  cancelled: 'quiet',
  completed: 'good',
};

export const StatusBadge = ({ status }: { status: BatchStatus }) => (
  <Badge tone={statusTones[status]}>{status}</Badge>
);

const firingTones: Record<ScheduleFiring['status'], Tone> = {
  started: 'good',
  late: 'warn',
  queued: 'busy',
  skipped: 'quiet',
};

export const FiringBadge = ({ status }: { status: ScheduleFiring['status'] }) => (
  <Badge tone={firingTones[status]}>{status}</Badge>
);
