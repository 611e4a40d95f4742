import type { BatchClient } from './batch-client.ts';

/** What the steps of `npm run batch` share. */
export type BatchSession = {
  /** Its calls end when the user leaves. */
  batches: BatchClient;
  /** For the one call that must not be cut in the middle. */
  steadyBatches: BatchClient;
  /** The host, for addresses that a browser opens. */
  url: string;
  stream: NodeJS.WriteStream;
  isTty: boolean;
  say(line: string): void;
  /** The user wants to leave. */
  signal: AbortSignal;
  /** `npm run batch -- …` for this very host. */
  commandLine(...words: string[]): string;
};
