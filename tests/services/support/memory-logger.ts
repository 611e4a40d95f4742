import type { LogFields, Logger } from '../../../src/telemetry/logger.ts';

export type LogLine = LogFields & { level: string; message: string };

/** Keeps its lines for a test to look at. */
export const createMemoryLogger = (): Logger & { lines: LogLine[] } => {
  const lines: LogLine[] = [];
  const at = (level: string) => (message: string, fields?: LogFields) => {
    lines.push({ ...fields, level, message });
  };
  const logger: Logger & { lines: LogLine[] } = {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    within: (_fields, work) => work(),
  };
  return logger;
};
