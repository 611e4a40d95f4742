export type HostReport = {
  /** One line for the terminal. */
  log(line: string): void;
  /** Something at which Azure would hang a caller or kill the worker; tests assert that there is none. */
  warn(text: string): void;
  warnings: string[];
};

/** Collects warnings and writes them so that nobody overlooks them. */
export const createHostReport = (log: (line: string) => void): HostReport => {
  const warnings: string[] = [];
  return {
    log,
    warnings,
    warn: (text) => {
      warnings.push(text);
      log(`WARNING: ${text}`);
    },
  };
};

/** The message and stack of whatever was thrown. */
export const describeError = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
