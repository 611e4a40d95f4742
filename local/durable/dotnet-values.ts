import type { RpcTypedData } from '../host/rpc-types.ts';

/** JSON text with the line separators escaped that Newtonsoft escapes. */
const newtonsoftText = (value: string): string =>
  JSON.stringify(value).replace(
    /[\u0085\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** A number as .NET writes it: exponents as in `1E-07`. */
const dotNetDouble = (value: number): string => {
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-4 && size < 1e15)) return String(value);
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  return `${mantissa}E${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
};

/**
 * The text that an activity's trigger gets for an input of the library's answer; null: empty data. Texts are JSON
 * already (the library stringifies them), a bare boolean becomes .NET's `True` or `False`.
 */
export const activityInput = (input: unknown): string | null => {
  if (input === undefined || input === null) return null;
  if (typeof input === 'string') return input;
  if (typeof input === 'boolean') return input ? 'True' : 'False';
  if (typeof input === 'number' && !Number.isInteger(input)) return dotNetDouble(input);
  return JSON.stringify(input);
};

/** The JSON text of a value, or null for none. */
export const jsonOrNull = (value: unknown): string | null =>
  value === undefined || value === null ? null : JSON.stringify(value);

/** The result of an activity as it stands in the history: JSON text, null for none. */
export const activityResult = (value: RpcTypedData | null | undefined): string | null => {
  if (value === null || value === undefined) return null;
  if (value.json !== undefined) return value.json;
  if (value.string !== undefined) return newtonsoftText(value.string);
  // Above an int64 it wraps.
  if (value.int !== undefined) return String(BigInt.asIntN(64, BigInt(value.int)));
  if (value.double !== undefined) return Number.isFinite(value.double) ? dotNetDouble(value.double) : null;
  if (value.bytes !== undefined) return JSON.stringify(Buffer.from(value.bytes).toString('base64'));
  return null;
};

/** A date as Newtonsoft writes it: without zeros at the end of the fraction. */
export const dotNetTime = (time: number | string): string =>
  new Date(time)
    .toISOString()
    .replace(/\.(\d*?)0+Z$/, (_, digits: string) => (digits === '' ? 'Z' : `.${digits}Z`));
