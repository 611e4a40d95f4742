import type { RpcTypedData } from './rpc-types.ts';

/** .NET's text of a JSON scalar; null for what is no scalar. */
const scalarText = (value: unknown): string | null => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return null;
};

const parseObject = (body: Buffer): Record<string, unknown> | null => {
  let first = 0;
  while (first < body.length && (body[first] ?? 0) <= 0x20) first++;
  if (body[first] !== 0x7b) return null;
  try {
    const members = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
    // .NET's reader refuses what nests too deep; here the parser takes it and the writer below would overflow the stack.
    JSON.stringify(members);
    return members;
  } catch {
    return null;
  }
};

/**
 * The binding data of an HTTP trigger as the host announces it with streaming on. It is one table that ignores case,
 * filled with top-level members of a JSON body, then query keys, then route values, and last `Query` and `Headers`
 * where the client has not taken those names. A value that comes later wins, the *spelling* that came first stays.
 * So a client can replace `Headers`, and changes the spelling of route parameters: both are faults to be emulated.
 */
export const httpTriggerMetadata = (request: {
  /** Null when the host did not read the body (none, or chunked). */
  body: Buffer | null;
  /** The query string without `?`. */
  query: string;
  routeValues: Record<string, string>;
  headers: Record<string, string>;
}): Record<string, RpcTypedData> => {
  const metadata: Record<string, RpcTypedData> = {};
  const spelling = new Map<string, string>();
  const put = (key: string, value: RpcTypedData): void => {
    const folded = key.toLowerCase();
    const known = spelling.get(folded);
    if (known === undefined) spelling.set(folded, key);
    metadata[known ?? key] = value;
  };

  const members = request.body === null ? null : parseObject(request.body);
  if (members !== null) {
    for (const [key, value] of Object.entries(members)) {
      if (value === null || value === undefined) continue;
      const text = scalarText(value);
      put(key, text === null ? { json: JSON.stringify(value) } : { string: text });
    }
  }
  const query: Record<string, string> = {};
  if (request.query !== '') {
    for (const [key, value] of new URLSearchParams(request.query)) {
      query[key] = Object.hasOwn(query, key) ? `${query[key]},${value}` : value;
    }
    for (const [key, value] of Object.entries(query)) put(key, { string: value });
  }
  for (const [key, value] of Object.entries(request.routeValues)) put(key, { string: value });
  if (!spelling.has('query')) put('Query', { json: JSON.stringify(query) });
  if (!spelling.has('headers')) put('Headers', { json: JSON.stringify(request.headers) });
  return metadata;
};
