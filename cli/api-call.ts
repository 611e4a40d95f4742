import { setTimeout as pause } from 'node:timers/promises';
import type { z } from 'zod';
import { Problem } from '../src/contract/problem.ts';

/** What the API refused, with its problem details where it sent any. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly problem: Problem | null;
  readonly retryAfterMs: number | null;

  constructor(status: number, problem: Problem | null, text: string, retryAfterMs: number | null = null) {
    const faults = problem?.errors.map(({ pointer, message }) => `${pointer} ${message}`).join('; ');
    super(
      problem === null
        ? `HTTP ${status}: ${text.slice(0, 300)}`
        : [problem.detail, faults].filter(Boolean).join(' '),
    );
    this.status = status;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The host did not answer, or not to the end. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

export type ApiOptions = {
  url: string;
  key: string | null;
  fetch?: typeof fetch;
  /** Ends every call. */
  signal?: AbortSignal;
  /** How long to wait after so many failures in a row; 0: after an answer that ended as it should. */
  waitMs?: (failures: number) => number;
};

/** One way to call the API for all clients. All methods @throw {ApiError} on a refusal, {ConnectionError} without an answer. */
export type ApiCall = {
  /** The body is still to be read. */
  send(path: string, init?: RequestInit): Promise<Response>;
  text(path: string, init?: RequestInit): Promise<{ text: string; headers: Headers }>;
  /** The answer is checked against the contract. */
  json<Schema extends z.ZodType>(path: string, schema: Schema, init?: RequestInit): Promise<z.infer<Schema>>;
  /** Does work that may be done twice again, after failures that may pass: up to five times. */
  retry<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Waits before the next call: for a time, or as long as is fit after so many failures in a row. */
  wait(time: { failures: number } | { ms: number }, signal?: AbortSignal): Promise<void>;
};

const maxTries = 6;
/** A host that wishes for more is believed on the next try. */
const mostPatientMs = 60_000;

export function createApiCall(options: ApiOptions): ApiCall {
  const fetchOnce = options.fetch ?? fetch;
  const waitMs = options.waitMs ?? backoffMs;
  const signalOf = (own: AbortSignal | null | undefined) =>
    AbortSignal.any([options.signal, own].filter((signal) => signal instanceof AbortSignal));

  /** Tells a lost connection from the caller's own wish to stop. */
  const reaching = async <Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> => {
    try {
      return await work;
    } catch (error) {
      signal.throwIfAborted();
      const message = `${options.url} does not answer: ${reasonOf(error)}`;
      throw new ConnectionError(message, { cause: error });
    }
  };

  const send: ApiCall['send'] = async (path, init = {}) => {
    const signal = signalOf(init.signal);
    const request = fetchOnce(new URL(path, options.url), {
      ...init,
      signal,
      headers: {
        accept: 'application/json',
        ...(options.key === null ? {} : { authorization: `Bearer ${options.key}` }),
        ...Object.fromEntries(new Headers(init.headers)),
      },
    });
    const response = await reaching(request, signal);
    if (response.ok) return response;
    const text = await reaching(response.text(), signal);
    const problem = Problem.safeParse(parseJson(text)).data ?? null;
    const seconds = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
    throw new ApiError(response.status, problem, text, Number.isNaN(seconds) ? null : seconds * 1000);
  };

  const text: ApiCall['text'] = async (path, init) => {
    const response = await send(path, init);
    return { text: await reaching(response.text(), signalOf(init?.signal)), headers: response.headers };
  };

  return {
    send,
    text,
    json: async (path, schema, init) => schema.parse(parseJson((await text(path, init)).text)),
    async retry(work) {
      for (let tries = 1; ; tries++) {
        try {
          return await work();
        } catch (error) {
          if (!mayPass(error) || tries === maxTries) throw error;
          const wishedMs = Math.min(error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0, mostPatientMs);
          await pauseFor(Math.max(waitMs(tries), wishedMs), options.signal);
        }
      }
    },
    wait: (time, signal) => pauseFor('ms' in time ? time.ms : waitMs(time.failures), signalOf(signal)),
  };
}

/** Whether the same call may succeed a little later. */
export function mayPass(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  if (!(error instanceof ApiError)) return false;
  return error.problem?.retryable ?? (error.status === 429 || error.status >= 500);
}

/** Doubles from half a second to ten, a part of it by chance, so that many clients do not come back at once. */
function backoffMs(failures: number): number {
  if (failures === 0) return 250;
  return Math.min(10_000, 500 * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
}

async function pauseFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pause(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** `fetch` says no more than "fetch failed": the reason is in the cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  // Several addresses refused at once are an error without words.
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  return `${error.message} (${cause.message || code})`;
}
