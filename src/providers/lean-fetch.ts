import type { Agent, Dispatcher } from 'undici';
import type { Fetch } from './wire-client.ts';

/** What `openai` reads of an answer, without the cost of a standard `Response` and its streams. */
const toResponse = (url: string, answer: Dispatcher.ResponseData): Response => {
  const { headers, body, statusCode } = answer;
  const read = (name: string): string | null => {
    const value = headers[name.toLowerCase()];
    return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
  };
  const response = {
    url,
    status: statusCode,
    ok: statusCode >= 200 && statusCode < 300,
    headers: {
      get: read,
      entries: () => Object.keys(headers).map((name) => [name, read(name) ?? '']),
    },
    body,
    text: () => body.text(),
    json: () => body.json(),
  };
  return response as unknown as Response;
};

/**
 * A `fetch` for calls to providers over undici's `request`: about half the CPU time a call of the built-in one. It knows
 * what the wire client asks for (a URL, string bodies, plain headers, a signal), follows no redirect (a key
 * isn't carried to another host) and has no time limits of its own: each call brings its deadline. An answer above
 * `maxAnswerBytes` is cut: an endpoint that never ends must not fill the memory.
 */
export const createLeanFetch = ({ maxAnswerBytes = 128 * 1024 * 1024 } = {}): Fetch => {
  let agent: Promise<{ agent: Agent; request: typeof Dispatcher.prototype.request }> | null = null;
  const load = async () => {
    // A CommonJS package: in a bundle with lazy chunks its only export is the default one.
    const { default: undici } = await import('undici');
    const pool = new undici.Agent({ headersTimeout: 0, bodyTimeout: 0, maxResponseSize: maxAnswerBytes });
    return { agent: pool, request: pool.request.bind(pool) };
  };
  return async (input, init) => {
    agent ??= load();
    const { request } = await agent;
    const url = String(input);
    const { origin, pathname, search } = new URL(url);
    const sent = request({
      origin,
      path: pathname + search,
      method: (init?.method ?? 'GET') as Dispatcher.HttpMethod,
      headers: init?.headers as Record<string, string>,
      body: (init?.body as string | undefined) ?? null,
      signal: init?.signal ?? null,
    });
    const answer = await sent.catch((error: Error) => {
      // As `fetch` reports it: whoever reads the error finds the connection's own as the cause.
      throw error.name === 'AbortError' ? error : new TypeError('fetch failed', { cause: error });
    });
    return toResponse(url, answer);
  };
};
