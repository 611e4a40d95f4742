import type { LogHookContext } from '@azure/functions';
import type { Logger } from '../telemetry/logger.ts';

/** The platform's levels as ours. */
const levels = {
  trace: 'debug',
  debug: 'debug',
  information: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'error',
  none: 'debug',
} as const;

/**
 * A worker that traces itself is expected to send the platform's log lines too; the host then drops them. They join ours, which the
 * host reads from standard output as ever.
 * @param onLog how to hear of them; older workers don't know the hook, and throw
 */
export const keepPlatformLog = (
  onLog: (handler: (line: Pick<LogHookContext, 'level' | 'category' | 'message'>) => void) => unknown,
  logger: Logger,
): void => {
  try {
    onLog(({ level, category, message }) => logger[levels[level]](message, { category }));
  } catch (error) {
    // What is lost are lines of the libraries, never ours.
    logger.debug('the platform has no hook for log lines', { error });
  }
};
