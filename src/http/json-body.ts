import type { MiddlewareHandler } from 'hono';
import { maxJsonDepth, nestsDeeperThan } from '../contract/json-depth.ts';
import { AppError } from '../errors.ts';
import type { ApiContext, AppEnv } from './app-env.ts';
import { jsonErrorPosition } from './json-error-position.ts';
import type { RouteTable } from './route-table.ts';

/** Largest request body, in bytes. The host in front allows a little more, so that this answer is ours. */
export const maxBodyBytes = 16 * 1024 * 1024;

const jsonType = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?;?$/i;
const utf8 = new TextDecoder('utf-8', { fatal: true });

const tooLarge = () =>
  new AppError('payload_too_large', `A body may have ${maxBodyBytes} bytes at most (16 MiB).`);

/** Counts while reading: a declared length may be missing or wrong. */
const readBytes = async (request: Request): Promise<Uint8Array> => {
  if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes) throw tooLarge();
  if (request.body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > maxBodyBytes) {
      await reader.cancel().catch(() => {});
      throw tooLarge();
    }
    chunks.push(value);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size);
};

const bodyFault = (message: string) =>
  new AppError('invalid_request', 'The body is not acceptable JSON.', {
    faults: [{ pointer: '', message }],
  });

const parseJson = (bytes: Uint8Array): unknown => {
  if (nestsDeeperThan(bytes, maxJsonDepth)) throw bodyFault(`nests deeper than ${maxJsonDepth} levels`);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw bodyFault('is not valid UTF-8');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser's own message quotes the body, which may hold a key.
    const position = jsonErrorPosition(text, error);
    throw bodyFault(
      position === null ? 'is not valid JSON' : `is not valid JSON at position ${position} (in characters)`,
    );
  }
};

/** The validator asks `c.req.json()`; Hono's own would parse the text a second time. */
const giveParsed = (c: ApiContext, value: unknown) =>
  Object.defineProperty(c.req, 'json', { value: async () => value });

const checkHeaders = (c: ApiContext) => {
  const encoding = c.req.header('content-encoding');
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    throw new AppError('unsupported_media_type', 'Compressed bodies are not accepted.');
  }
  if (!jsonType.test(c.req.header('content-type') ?? '')) {
    throw new AppError('unsupported_media_type', 'Send application/json in UTF-8.');
  }
};

/**
 * Reads and parses the body of a route that declares one, once: what the validator behind it asks for is
 * the value parsed here.
 */
export const jsonBody =
  (routes: RouteTable): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const need = routes.find(c)?.body ?? 'none';
    if (need === 'none') return next();
    const hasType = c.req.header('content-type') !== undefined;
    if (need === 'required' || hasType) checkHeaders(c);
    const bytes = await readBytes(c.req.raw);
    if (bytes.byteLength === 0) {
      if (need === 'required') throw bodyFault('is required');
      giveParsed(c, {});
      // Behind the Functions host an absent body is an empty stream, and that is read by now: nobody may try again.
      Object.defineProperty(c.req, 'arrayBuffer', { value: async () => new ArrayBuffer(0) });
      return next();
    }
    if (!hasType) checkHeaders(c);
    const value = parseJson(bytes);
    giveParsed(c, value);
    return next();
  };
