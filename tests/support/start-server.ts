import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { localCertificate } from './local-certificate.ts';

export type StartedServer = { url: string; close(): Promise<void> };

const start = async (server: Server, scheme: string): Promise<StartedServer> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** A server on a free port of this machine. */
export const startServer = (handle: RequestListener) => start(createServer(handle), 'http');

/** The same over TLS, with the local certificate. */
export const startSecureServer = (handle: RequestListener) =>
  start(createSecureServer({ cert: localCertificate.cert, key: localCertificate.key }, handle), 'https');
