/** The words on the command line make no sense; the message says why in one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  /** What `parseArgs` of Node has to say, without its advice on arguments that begin with a dash. */
  static of(error: unknown): UsageError {
    const [words = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return new UsageError(
      `${words.replace(/\. To specify a positional argument.*$/, '')} (--help says more)`,
    );
  }
}
