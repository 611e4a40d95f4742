/** What the process of the host tells the one that started it. */
export type HostMessage =
  | { type: 'ready'; url: string; port: number; functions: string[] }
  | { type: 'failed'; message: string }
  | { type: 'warning'; text: string }
  | { type: 'warnings'; warnings: string[] };

/** What it can be asked for. */
export type HostRequest = { type: 'warnings' } | { type: 'stop' };
