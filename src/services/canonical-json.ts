import { createHash } from 'node:crypto';

/**
 * JSON with the keys of every object in code-unit order and members of value `undefined` left out: equal values give
 * equal text, however they were put together (the ordering of RFC 8785, JSON Canonicalization Scheme).
 */
export const canonicalJson = (value: unknown): string => {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members: string[] = [];
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  for (const [key, member] of entries) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`);
  }
  return `{${members.join(',')}}`;
};

/** SHA-256 of a text's UTF-8 bytes, in hex. */
export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex');
