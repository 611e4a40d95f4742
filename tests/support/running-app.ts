import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type HostProcess, startHostProcess } from '../../local/host/start-host-process.ts';

const appDir = join(import.meta.dirname, '../..');

export type RunningApp = {
  host: HostProcess;
  adminKey: string;
  /** Everything the host and the app wrote, line by line. */
  lines: string[];
  /** A request with the admin key, unless `headers` say otherwise. */
  send(path: string, init?: RequestInit): Promise<Response>;
  /** POSTs JSON with the admin key. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
};

/** Starts the built app on the local host against a database, with settings of its own and nothing of ours. */
export const startApp = async (
  databaseUrl: string,
  settings: Record<string, string> = {},
  options: { execArgv?: string[]; strictDurable?: boolean } = {},
): Promise<RunningApp> => {
  const adminKey = `sq_${randomBytes(32).toString('base64url')}`;
  const lines: string[] = [];
  const host = await startHostProcess({
    appDir,
    port: 0,
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: databaseUrl,
      SQ_ADMIN_KEY: adminKey,
      SQ_COOKIE_SECURE: 'false',
      ...settings,
    },
    log: (line) => lines.push(line),
    ...options,
  });
  const send = (path: string, init: RequestInit = {}) =>
    fetch(`${host.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${adminKey}`, ...Object.fromEntries(new Headers(init.headers)) },
    });
  return {
    host,
    adminKey,
    lines,
    send,
    post: (path, body, headers = {}) =>
      send(path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      }),
  };
};
