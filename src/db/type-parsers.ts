import type { ClientConfigurationInput } from 'slonik';

type TypeParser = NonNullable<ClientConfigurationInput['typeParsers']>[number];

/** PostgreSQL's text of a timestamptz in whatever zone the server speaks: date, time, fraction, offset. */
const timestampPattern = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.(\d+))?([+-]\d{2}(?::\d{2})?)$/;

/**
 * To RFC 3339 in UTC. Microseconds are kept: a page's cursor is made of this text, and a rounded one would lose rows.
 * @throws {RangeError} for what RFC 3339 cannot say (infinity, years before Christ or of five digits)
 */
export const parseTimestamp = (text: string): string => {
  const [, date, time, fraction = '', offset = ''] = timestampPattern.exec(text) ?? [];
  if (date === undefined || time === undefined)
    throw new RangeError(`timestamp ${text} has no RFC 3339 form`);
  const digits = fraction.padEnd(3, '0');
  if (offset === '+00') return `${date}T${time}.${digits}Z`;
  const whole = new Date(`${date}T${time}${offset.length === 3 ? `${offset}:00` : offset}`).toISOString();
  return `${whole.slice(0, 19)}.${digits}Z`;
};

/** @throws {RangeError} beyond 2^53: a silently rounded count would be a lie. */
export const parseBigint = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} does not fit a JavaScript number`);
  return value;
};

const nullable =
  <Value>(parse: (text: string) => Value) =>
  (text: string | null): Value | null =>
    text === null ? null : parse(text);

/** How column values arrive: numeric stays text because it is money, which binary floating point cannot hold. */
export const typeParsers: readonly TypeParser[] = [
  { name: 'timestamptz', parse: nullable(parseTimestamp) },
  { name: 'int8', parse: nullable(parseBigint) },
  { name: 'numeric', parse: nullable(String) },
  { name: 'date', parse: nullable(String) },
];
