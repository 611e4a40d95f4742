/** A structured log: one JSON object a line. Secrets are struck out before a line is written. */
export type LogFields = Record<string, unknown>;

export type Logger = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Adds `fields` (a request id, say) to every line written while `work` runs, by whomever. */
  within<Result>(fields: LogFields, work: () => Result): Result;
};
