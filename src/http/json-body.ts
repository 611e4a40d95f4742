import type { MiddlewareHandler } from 'hono';
import { maxJsonDepth, nestsDeeperThan } from '../contract/json-depth.ts';
import { AppError } from '../errors.ts';
import type { ApiContext, AppEnv } from './app-env.ts';
import { jsonErrorPosition } from './json-error-position.ts';
import type { RouteFacts, RouteTable } from './route-table.ts';

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

const encodingOf = (c: ApiContext): string =>
  (c.req.header('content-encoding') ?? 'identity').trim().toLowerCase();

const checkHeaders = (c: ApiContext, bodyTypes: readonly string[]) => {
  if (encodingOf(c) !== 'identity') {
    throw new AppError('unsupported_media_type', 'Compressed bodies are not accepted.');
  }
  if (bodyTypes.includes('application/json') && jsonType.test(c.req.header('content-type') ?? '')) return;
  const accepted = bodyTypes.map((type) => (type === 'application/json' ? `${type} in UTF-8` : type));
  throw new AppError('unsupported_media_type', `Send ${accepted.join(' or ')}.`);
};

/** The media type, where the route takes bodies of it that are not JSON. */
const rawTypeOf = (c: ApiContext, { bodyTypes }: RouteFacts): string | null => {
  const [type = ''] = (c.req.header('content-type') ?? '').split(';');
  const plain = type.trim().toLowerCase();
  return plain !== 'application/json' && bodyTypes.includes(plain) ? plain : null;
};

/** Leaves the body to the handler. @throws {AppError} unsupported_media_type for a compression that is not gzip */
const passRaw = (c: ApiContext, rawType: string) => {
  const encoding = encodingOf(c);
  if (encoding !== 'identity' && encoding !== 'gzip') {
    throw new AppError('unsupported_media_type', 'A body may be compressed by gzip only.');
  }
  c.set('rawType', rawType);
  c.set('contentEncoding', encoding);
  if (rawType !== 'application/jsonl') return;
  // By its first letters the validator behind takes this type for JSON. It has another name that is not mistaken.
  const header = c.req.header.bind(c.req);
  const shown = (name?: string) =>
    name?.toLowerCase() === 'content-type'
      ? 'application/x-ndjson'
      : name === undefined
        ? header()
        : header(name);
  Object.defineProperty(c.req, 'header', { value: shown });
};

/**
 * Reads and parses the body of a route that declares one, once: what the validator behind it asks for is
 * the value parsed here. A body of another media type that the route declares is left alone.
 */
export const jsonBody =
  (routes: RouteTable): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const facts = routes.find(c);
    const need = facts?.body ?? 'none';
    if (facts === null || need === 'none') return next();
    const rawType = rawTypeOf(c, facts);
    if (rawType !== null) {
      passRaw(c, rawType);
      return next();
    }
    const hasType = c.req.header('content-type') !== undefined;
    if (need === 'required' || hasType) checkHeaders(c, facts.bodyTypes);
    const bytes = await readBytes(c.req.raw);
    if (bytes.byteLength === 0) {
      if (need === 'required') throw bodyFault('is missing');
      giveParsed(c, {});
      // Behind the Functions host an absent body is an empty stream, and that is read by now: nobody may try again.
      Object.defineProperty(c.req, 'arrayBuffer', { value: async () => new ArrayBuffer(0) });
      return next();
    }
    if (!hasType) checkHeaders(c, facts.bodyTypes);
    const value = parseJson(bytes);
    giveParsed(c, value);
    return next();
  };
