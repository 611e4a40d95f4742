import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HostProcess, startHostProcess } from '../../../local/host/start-host-process.ts';

export type ChaosHost = {
  /** SIGKILL in the middle of whatever it does, and a new start on the same durable file. */
  crash(): Promise<void>;
  /** JSON from the API, with patience: the host or its database may be away. Null: it stayed away for too long. */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
  /** One try of a management call of the Durable extension. @returns null when nobody answered */
  manage(method: string, path: string): Promise<{ status: number; body: unknown } | null>;
  /** Warnings of the Durable engine and the host, since the last start. */
  warnings(): Promise<string[]>;
  stop(): Promise<void>;
};

export type ChaosHostOptions = {
  name: string;
  /** For its durable file and its log. */
  folder: string;
  databaseUrl: string;
  providerUrl: string;
  settings?: Record<string, string>;
};

const appDir = join(import.meta.dirname, '../../..');
const patienceMs = 30_000;

/** The built app on the local host, made to be killed. Leases and stalls are short, so that a run takes minutes, not hours. */
export const startChaosHost = async (options: ChaosHostOptions): Promise<ChaosHost> => {
  const { name, folder, databaseUrl, providerUrl } = options;
  const adminKey = `sq_${randomBytes(32).toString('base64url')}`;
  const log = createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
  const start = (): Promise<HostProcess> =>
    startHostProcess({
      appDir,
      port: 0,
      durableFile: join(folder, `${name}.sqlite`),
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: databaseUrl,
        SQ_ADMIN_KEY: adminKey,
        SQ_COOKIE_SECURE: 'false',
        SQ_ARTIFACTS_DIR: join(folder, 'artifacts'),
        SQ_COMPATIBLE_PROVIDERS: JSON.stringify([{ name: 'fake', baseUrl: providerUrl }]),
        SQ_LEASE_GRACE_MS: '2000',
        SQ_BATCH_STALL_MS: '3000',
        ...options.settings,
      },
      log: (line) => void log.write(`${line}\n`),
    });
  let host = await start();

  const once = async (method: string, path: string, body?: unknown): Promise<Response | null> => {
    try {
      return await fetch(host.url + path, {
        method,
        signal: AbortSignal.timeout(10_000),
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      return null;
    }
  };

  return {
    crash: async () => {
      await host.kill();
      host = await start();
    },
    call: async (method, path, body) => {
      for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(200)) {
        const response = await once(method, path, body);
        if (response?.ok === true) return response.json();
        if (response !== null && response.status < 500) {
          throw new Error(`${method} ${path} was answered ${response.status}: ${await response.text()}`);
        }
      }
      return null;
    },
    manage: async (method, path) => {
      const response = await once(method, `/runtime/webhooks/durabletask/${path}`);
      if (response === null) return null;
      const text = await response.text().catch(() => '');
      return { status: response.status, body: text === '' ? null : JSON.parse(text) };
    },
    warnings: () => host.warnings(),
    stop: async () => {
      await host.stop();
      log.end();
    },
  };
};
