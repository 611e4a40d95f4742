import type { WantedBytes } from '../services/exports/export-service.ts';

/**
 * The bytes that a `Range` asks for (RFC 9110, section 14.2). null: none, or a kind that is not known here (several ranges,
 * another unit, nonsense), which a server leaves aside.
 */
export const parseRange = (header: string | undefined): WantedBytes | null => {
  const [, first = '', last = ''] = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? '') ?? [];
  if (first === '') return last === '' ? null : { last: Number(last) };
  const [from, to] = [Number(first), last === '' ? null : Number(last)];
  return to !== null && to < from ? null : { from, to };
};
