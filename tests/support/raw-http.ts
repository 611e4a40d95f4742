import { connect } from 'node:net';

export type RawAnswer = { status: number; head: string; body: string; ms: number };

/**
 * Sends bytes as they are and reads until the peer closes, or until `until` has come. What `fetch` and `node:http`
 * would never send (repeated headers, odd paths, cut bodies) goes through. Rejects after `withinMs`.
 */
export const sendRaw = (url: string, text: string | string[], withinMs = 8_000): Promise<RawAnswer> => {
  const { hostname, port } = new URL(url);
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let received = '';
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end within ${withinMs} ms; so far: ${JSON.stringify(received.slice(0, 300))}`));
    }, withinMs);
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      received += chunk;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      const split = received.indexOf('\r\n\r\n');
      const head = split < 0 ? received : received.slice(0, split);
      resolve({
        status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0),
        head,
        body: split < 0 ? '' : received.slice(split + 4),
        ms: performance.now() - started,
      });
    });
    for (const part of typeof text === 'string' ? [text] : text) socket.write(part, 'latin1');
  });
};

/** Text of a request that asks for the connection to be closed afterwards. */
export const rawRequest = (line: string, headers: string[] = [], body = ''): string =>
  [`${line} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers, '', body].join('\r\n');
