import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { localCertificate } from './local-certificate.ts';
import { startSecureServer } from './start-server.ts';

/** What befalls a request: `cutRequest` after a part of its body, `cutAnswer` after so many bytes of the answer, or a status. */
export type Mishap = 'cutRequest' | { cutAnswer: number } | { status: number; code: string };

export type SeenRequest = { method: string; query: URLSearchParams };

/** Passes requests on to an HTTPS server, except for those that `befalls` names a mishap for. */
export const startFlakyProxy = async (
  targetUrl: string,
  befalls: (request: SeenRequest, count: number) => Mishap | null,
) => {
  const seen: SeenRequest[] = [];
  const server = await startSecureServer((request, response) => {
    const url = new URL(request.url ?? '', targetUrl);
    const one = { method: request.method ?? '', query: url.searchParams };
    seen.push(one);
    const mishap = befalls(one, seen.length);
    if (mishap === 'cutRequest') {
      request.once('data', () => request.socket.destroy());
      request.once('end', () => request.socket.destroy());
      return;
    }
    if (mishap !== null && 'status' in mishap) {
      request.resume();
      request.on('end', () => {
        response.writeHead(mishap.status, {
          'x-ms-error-code': mishap.code,
          'content-type': 'application/xml',
        });
        response.end(`<?xml version="1.0"?><Error><Code>${mishap.code}</Code><Message>no</Message></Error>`);
      });
      return;
    }
    const { method, headers } = request;
    const passed = httpsRequest(
      url,
      { method, headers, ca: localCertificate.cert },
      (answer: IncomingMessage) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        if (mishap === null) {
          answer.pipe(response);
          return;
        }
        let sent = 0;
        answer.on('data', (chunk: Buffer) => {
          response.write(chunk.subarray(0, Math.max(0, mishap.cutAnswer - sent)), () => {
            if (sent >= mishap.cutAnswer) response.socket?.destroy();
          });
          sent += chunk.length;
        });
      },
    );
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  return { ...server, seen };
};
