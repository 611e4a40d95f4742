import type { ProviderError } from '../errors.ts';
import type { CallDeadline } from './call-deadline.ts';
import { type ErrorContext, mapProviderError, providerFailure } from './map-provider-error.ts';
import type { HeaderReader } from './map-rate-limit.ts';
import { createWireClient, type Fetch } from './wire-client.ts';

export type EndpointCall = { deadline: CallDeadline; timeoutMs: number };
export type EndpointAnswer = { headers: HeaderReader };
export type JsonAnswer = EndpointAnswer & { body: unknown };
export type StreamAnswer = EndpointAnswer & { chunks: AsyncIterable<unknown>; secrets: readonly string[] };

/** One address with one key: requests in, JSON or chunks out; everything else is a ProviderError. */
export type Endpoint = {
  postJson(path: string, body: Record<string, unknown>, call: EndpointCall): Promise<JsonAnswer>;
  getJson(path: string, call: EndpointCall): Promise<JsonAnswer>;
  postStream(path: string, body: Record<string, unknown>, call: EndpointCall): Promise<StreamAnswer>;
  /** For an answer that came whole but makes no sense. */
  badResponse(message: string, headers: HeaderReader, raw: unknown): ProviderError;
  /** For a stream that broke: `thrown` is null where it just ended too early. */
  streamError(thrown: unknown, partialText: string, stream: StreamAnswer, call: EndpointCall): ProviderError;
};

/** How much of an unreadable answer is kept for the record, in characters. */
const keptOfBadBody = 2000;

export const createEndpoint = (options: {
  name: string;
  baseUrl: string;
  key: (() => string | Promise<string>) | null;
  fetch: Fetch;
}): Endpoint => {
  const loadClient = createWireClient(options);

  const contextOf = (call: EndpointCall, secrets: readonly string[]): ErrorContext => ({
    provider: options.name,
    secrets,
    endedBy: call.deadline.reason(),
    timeoutMs: call.timeoutMs,
    partialText: null,
    headers: null,
    nowMs: Date.now(),
  });

  const readKey = async (call: EndpointCall): Promise<string | null> => {
    if (options.key === null) return null;
    try {
      const key = options.key();
      return typeof key === 'string' ? key : await call.deadline.race(key);
    } catch (error) {
      if (call.deadline.reason() !== null) throw mapProviderError(error, contextOf(call, []));
      const { name, statusCode } = error as { name?: string; statusCode?: number };
      // The token service may be down for a moment; an identity that it doesn't know or that isn't there stays so.
      const lasting = name === 'CredentialUnavailableError' || (statusCode !== undefined && statusCode < 500);
      const message = `could not get a token (${error instanceof Error ? error.message : 'unknown cause'})`;
      throw providerFailure('authentication', message, contextOf(call, []), { retryable: !lasting });
    }
  };

  const requestOptions = (key: string | null, call: EndpointCall) => ({
    headers: { authorization: key === null ? null : `Bearer ${key}` },
    signal: call.deadline.signal,
    // Ours is the deadline that counts and the only one that can tell why it ended.
    timeout: call.timeoutMs + 60_000,
  });

  const request = async (
    method: 'get' | 'post',
    path: string,
    body: Record<string, unknown> | undefined,
    call: EndpointCall,
  ): Promise<JsonAnswer> => {
    const key = await readKey(call);
    const secrets = key === null ? [] : [key];
    let text: string;
    let response: Response;
    try {
      const client = await loadClient();
      const init = { ...requestOptions(key, call), ...(body ? { body } : {}) };
      response = await client[method](path, init).asResponse();
      text = await response.text();
    } catch (error) {
      throw mapProviderError(error, contextOf(call, secrets));
    }
    try {
      return { headers: response.headers, body: JSON.parse(text) };
    } catch {
      const context = { ...contextOf(call, secrets), headers: response.headers };
      throw providerFailure('bad_response', 'answered 200 with a body that is no JSON', context, {
        raw: text.slice(0, keptOfBadBody),
      });
    }
  };

  return {
    postJson: (path, body, call) => request('post', path, body, call),
    getJson: (path, call) => request('get', path, undefined, call),
    postStream: async (path, body, call) => {
      const key = await readKey(call);
      const secrets = key === null ? [] : [key];
      try {
        const client = await loadClient();
        const sent = client.post(path, { ...requestOptions(key, call), body, stream: true });
        const { data, response } = await sent.withResponse();
        return { headers: response.headers, chunks: data as AsyncIterable<unknown>, secrets };
      } catch (error) {
        throw mapProviderError(error, contextOf(call, secrets));
      }
    },
    badResponse: (message, headers, raw) =>
      providerFailure(
        'bad_response',
        message,
        { provider: options.name, secrets: [], partialText: null, headers, nowMs: Date.now() },
        { raw },
      ),
    streamError: (thrown, partialText, stream, call) =>
      mapProviderError(thrown, {
        ...contextOf(call, stream.secrets),
        partialText,
        headers: stream.headers,
      }),
  };
};
