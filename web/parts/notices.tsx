import type { ReactNode } from 'react';
import { isProblemError } from '../api/problem-error.ts';

const textOf = (error: unknown): string => {
  if (isProblemError(error)) return error.problem.detail;
  if (error instanceof TypeError) return 'The server cannot be reached.';
  return error instanceof Error ? error.message : String(error);
};

type ErrorNoticeProps = { error: unknown; title?: string; onRetry?: (() => void) | undefined };

/** Why something did not work, which fields are to blame, and under which id the log has it. */
export const ErrorNotice = ({ error, title = 'That did not work', onRetry }: ErrorNoticeProps) => {
  const problem = isProblemError(error) ? error.problem : null;
  // What is not there, or not allowed, is no different a moment later.
  const mayPass = problem === null || problem.retryable || problem.status >= 500;
  return (
    <div className="notice notice-error" role="alert">
      <strong>{problem?.title ?? title}</strong>
      <p>{textOf(error)}</p>
      {problem !== null && problem.errors.length > 0 && (
        <ul>
          {problem.errors.map(({ pointer, message }) => (
            <li key={`${pointer} ${message}`}>
              {pointer !== '' && <code>{pointer}</code>} {message}
            </li>
          ))}
        </ul>
      )}
      {problem !== null && problem.requestId !== '' && (
        <p className="quiet small">
          Request <code>{problem.requestId}</code>
        </p>
      )}
      {onRetry && mayPass && (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
};

export const EmptyNotice = ({ title, children }: { title: string; children?: ReactNode }) => (
  <div className="notice notice-empty">
    <strong>{title}</strong>
    {children}
  </div>
);

/** Holds the place of what is on its way. */
export const Loading = ({ rows = 5 }: { rows?: number }) => (
  <div className="loading" role="status" aria-label="Loading">
    {Array.from({ length: rows }, (_, row) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: all are alike
      <div key={row} className="loading-row" />
    ))}
  </div>
);
