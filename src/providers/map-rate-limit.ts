/** Reads headers by lower-case name; `Headers` is one. */
export type HeaderReader = {
  get(name: string): string | null;
  entries(): Iterable<[string, string]>;
};

const prefix = 'x-ratelimit-';

const numberOf = (text: string | undefined): number | null =>
  text === undefined || text.trim() === '' ? null : Number(text);

/**
 * The vendor's rate-limit headers, verbatim, without those that mean "unknown": -1 anywhere, a limit of 0 with all that
 * belongs to it, and "0 remaining" of an answered call that names no limit (Azure sends these where it doesn't count).
 *
 * @returns null when nothing is known.
 */
export const readRateLimit = (headers: HeaderReader, httpStatus: number): Record<string, string> | null => {
  const found: Record<string, string> = {};
  for (const [name, value] of headers.entries()) {
    if (name.startsWith(prefix) && numberOf(value) !== -1) found[name.slice(prefix.length)] = value;
  }
  const known: Record<string, string> = {};
  for (const [name, value] of Object.entries(found)) {
    const [, aspect, subject = ''] = /^(limit|remaining|reset)(?:-(.*))?$/.exec(name) ?? [];
    const limit = numberOf(found[subject === '' ? 'limit' : `limit-${subject}`]);
    if (aspect !== undefined && limit === 0) continue;
    if (aspect === 'remaining' && numberOf(value) === 0 && limit === null && httpStatus !== 429) continue;
    known[prefix + name] = value;
  }
  return Object.keys(known).length > 0 ? known : null;
};

/**
 * How long the vendor asks to wait, in ms: `retry-after-ms`, else `retry-after` in seconds or as an HTTP date.
 *
 * @param nowMs the clock, for a date.
 * @returns null when it states nothing usable.
 */
export const readRetryAfterMs = (headers: HeaderReader, nowMs: number): number | null => {
  const ms = numberOf(headers.get('retry-after-ms') ?? undefined);
  if (ms !== null && Number.isFinite(ms) && ms >= 0) return Math.ceil(ms);
  const text = headers.get('retry-after');
  if (text === null || text.trim() === '') return null;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return seconds >= 0 ? Math.ceil(seconds * 1000) : null;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
};

/** OpenAI and most others name the call `x-request-id`, Azure's gateway `apim-request-id`. */
export const readProviderRequestId = (headers: HeaderReader): string | null =>
  headers.get('x-request-id') ?? headers.get('apim-request-id');
