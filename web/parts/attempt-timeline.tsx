import type { Attempt, InferenceDetail } from '../../src/contract/inference.ts';
import { formatCount, formatDuration, formatUsd } from '../format/format-values.ts';
import { OutcomeBadge } from './badges.tsx';

const endOf = ({ settledAt, startedAt, latencyMs }: Attempt): number =>
  settledAt === null ? Date.parse(startedAt) + (latencyMs ?? 0) : Date.parse(settledAt);

const percent = (part: number) => `${Math.min(100, Math.max(0, part * 100))}%`;

/** The calls to the provider on one scale of time: what a call took, and what was waited between them. */
export const AttemptTimeline = ({ run }: { run: InferenceDetail }) => {
  const { attempts } = run;
  const startMs = Math.min(...attempts.map(({ startedAt }) => Date.parse(startedAt)));
  const wholeMs = Math.max(1, ...attempts.map((attempt) => endOf(attempt) - startMs));
  return (
    <ol className="attempts">
      {attempts.map((attempt) => {
        const fromMs = Date.parse(attempt.startedAt) - startMs;
        const tookMs = Math.max(0, endOf(attempt) - Date.parse(attempt.startedAt));
        return (
          <li key={attempt.id} className="attempt">
            <span>
              Call {attempt.attemptNumber}
              <span className="quiet small"> +{formatDuration(fromMs)}</span>
            </span>
            <div className="attempt-track" aria-hidden="true">
              <span
                className={`attempt-span bar-${attempt.outcome ?? 'busy'}`}
                style={{ left: percent(fromMs / wholeMs), width: percent(tookMs / wholeMs) }}
              />
            </div>
            <div className="attempt-notes">
              <OutcomeBadge outcome={attempt.outcome} />
              <span>{formatDuration(attempt.latencyMs)}</span>
              {attempt.httpStatus !== null && <span>HTTP {attempt.httpStatus}</span>}
              <span>
                {formatCount(attempt.usage?.inputTokens)} → {formatCount(attempt.usage?.outputTokens)} tokens
              </span>
              <span>{formatUsd(attempt.costUsd)}</span>
              {attempt.retryAfterMs !== null && (
                <span>wished for {formatDuration(attempt.retryAfterMs)}</span>
              )}
              {attempt.error !== null && (
                <span className="quiet">
                  {attempt.error.code}: {attempt.error.message}
                </span>
              )}
            </div>
          </li>
        );
      })}
    </ol>
  );
};
