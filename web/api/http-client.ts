import type { z } from 'zod';
import { problemOf } from './problem-error.ts';

export type QueryValues = Record<string, string | number | undefined>;

type SendOptions = {
  query?: QueryValues;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  bytes?: Blob;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
};

/** Told when the API no longer knows the session. */
const signedOut = new EventTarget();
const signedOutEvent = 'signed-out';
export const onSignedOut = (listener: () => void): (() => void) => {
  signedOut.addEventListener(signedOutEvent, listener);
  return () => signedOut.removeEventListener(signedOutEvent, listener);
};

/** Told when the server cannot be reached, and when it can be again. */
const connection = new EventTarget();
let isAway = false;
const setAway = (away: boolean) => {
  if (away === isAway) return;
  isAway = away;
  connection.dispatchEvent(new Event('change'));
};
export const isServerAway = (): boolean => isAway;
export const onConnection = (listener: () => void): (() => void) => {
  connection.addEventListener('change', listener);
  return () => connection.removeEventListener('change', listener);
};

/** `fetch`, which fails with a TypeError when no answer comes at all. */
const reach = async (url: string, init: RequestInit): Promise<Response> => {
  try {
    const response = await fetch(url, init);
    setAway(false);
    return response;
  } catch (error) {
    if (error instanceof TypeError) setAway(true);
    throw error;
  }
};

export const urlOf = (path: string, query: QueryValues = {}): string => {
  const given = Object.entries(query).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [[key, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
};

/** A request with the session's cookie. @throws {ProblemError} when the answer is no success. */
export const send = async (method: string, path: string, options: SendOptions = {}): Promise<Response> => {
  const { query, json, bytes, headers, signal } = options;
  const response = await reach(urlOf(path, query), {
    method,
    headers: {
      // No other site's page can send this header.
      'x-sq-csrf': '1',
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...(bytes !== undefined && { 'content-type': 'application/octet-stream' }),
      ...headers,
    },
    body: json !== undefined ? JSON.stringify(json) : (bytes ?? null),
    signal: signal ?? null,
  });
  if (response.ok) return response;
  if (response.status === 401 && path !== '/api/v1/session')
    signedOut.dispatchEvent(new Event(signedOutEvent));
  throw await problemOf(response);
};

/** GETs JSON and checks it against the contract. */
export const getJson = async <Schema extends z.ZodType>(
  schema: Schema,
  path: string,
  query: QueryValues = {},
  signal?: AbortSignal,
): Promise<z.output<Schema>> => schema.parse(await (await send('GET', path, { query, signal })).json());

/** Sends JSON with another method and checks the answer against the contract. */
export const sendJson = async <Schema extends z.ZodType>(
  schema: Schema,
  method: 'POST' | 'PATCH',
  path: string,
  json: unknown = {},
  options: Omit<SendOptions, 'json' | 'bytes'> = {},
): Promise<z.output<Schema>> => schema.parse(await (await send(method, path, { ...options, json })).json());
