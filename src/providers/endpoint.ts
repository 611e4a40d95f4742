import { AppError, ProviderError } from '../errors.ts';
import type { CallDeadline } from './call-deadline.ts';
import {
  type ErrorContext,
  mapProviderError,
  type PartialAnswer,
  providerFailure,
} from './map-provider-error.ts';
import type { HeaderReader } from './map-rate-limit.ts';
import { createWireClient, type Fetch } from './wire-client.ts';

export type EndpointCall = { deadline: CallDeadline; timeoutMs: number };
export type EndpointAnswer = { headers: HeaderReader };
export type JsonAnswer = EndpointAnswer & { body: unknown };
export type StreamAnswer = EndpointAnswer & { chunks: AsyncIterable<unknown>; secrets: readonly string[] };

/**
 * Key or token, asked for at each call. Told of the one that was answered with 401 just now, it looks whether there is
 * another: keys rotate.
 */
export type ReadKey = (refused?: string) => string | Promise<string>;

/** One address with one key: requests in, JSON or chunks out; everything else is a ProviderError. */
export type Endpoint = {
  postJson(path: string, body: Record<string, unknown>, call: EndpointCall): Promise<JsonAnswer>;
  getJson(path: string, call: EndpointCall): Promise<JsonAnswer>;
  postStream(path: string, body: Record<string, unknown>, call: EndpointCall): Promise<StreamAnswer>;
  /** For an answer that came whole but makes no sense. */
  badResponse(message: string, headers: HeaderReader, raw: unknown): ProviderError;
  /** For a stream that broke: `thrown` is null where it just ended too early. */
  streamError(
    thrown: unknown,
    partial: PartialAnswer,
    stream: StreamAnswer,
    call: EndpointCall,
  ): ProviderError;
};

/** How much of an unreadable answer is kept for the record, in characters. */
const keptOfBadBody = 2000;

export const createEndpoint = (options: {
  name: string;
  baseUrl: string;
  key: ReadKey | null;
  fetch: Fetch;
}): Endpoint => {
  const loadClient = createWireClient(options);

  const contextOf = (call: EndpointCall, secrets: readonly string[]): ErrorContext => ({
    provider: options.name,
    secrets,
    endedBy: call.deadline.reason(),
    timeoutMs: call.timeoutMs,
    partial: null,
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
      const retryable = error instanceof AppError && error.retryable;
      const message = `was not asked: there is no key for it (${error instanceof Error ? error.message : 'unknown cause'})`;
      // Away for a moment is a state of ours like being too busy; what stays so is like a wrong key.
      const kind = retryable ? 'overloaded' : 'authentication';
      throw providerFailure(kind, message, contextOf(call, []), { retryable });
    }
  };

  /** A refused key that has a successor by now is worth another attempt, which the service makes. */
  const refusal = async (thrown: unknown, key: string | null, call: EndpointCall): Promise<ProviderError> => {
    const error = mapProviderError(thrown, contextOf(call, key === null ? [] : [key]));
    if (options.key === null || key === null || error.httpStatus !== 401) return error;
    try {
      const next = await call.deadline.race(Promise.resolve(options.key(key)));
      return next === key
        ? error
        : new ProviderError(error.kind, error.message, { ...error, retryable: true });
    } catch {
      return error;
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
    let text: string;
    let response: Response;
    try {
      const client = await loadClient();
      const init = { ...requestOptions(key, call), ...(body ? { body } : {}) };
      response = await client[method](path, init).asResponse();
      text = await response.text();
    } catch (error) {
      throw await refusal(error, key, call);
    }
    try {
      return { headers: response.headers, body: JSON.parse(text) };
    } catch {
      const context = { ...contextOf(call, key === null ? [] : [key]), headers: response.headers };
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
        throw await refusal(error, key, call);
      }
    },
    badResponse: (message, headers, raw) =>
      providerFailure(
        'bad_response',
        message,
        { provider: options.name, secrets: [], partial: null, headers, nowMs: Date.now() },
        { raw },
      ),
    streamError: (thrown, partial, stream, call) =>
      mapProviderError(thrown, {
        ...contextOf(call, stream.secrets),
        partial,
        headers: stream.headers,
      }),
  };
};
