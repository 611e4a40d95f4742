/** Not a zod schema: with one, the library would validate a body of JSON lines as JSON. */
const schema = { type: 'string' as const, format: 'binary' };

/** Content of a route's body that is read by `requestBytes`. */
export const bytesContent = { 'application/octet-stream': { schema } };

/**
 * JSON lines have two names, and a route that takes them takes both. The type hides them: what the library infers of a route's
 * JSON is lost beside anything else.
 */
export const jsonLinesContent: Readonly<Record<never, never>> = {
  'application/jsonl': { schema },
  'application/x-ndjson': { schema },
};
