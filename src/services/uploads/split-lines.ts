const [lineFeed, carriageReturn, space, tab] = [0x0a, 0x0d, 0x20, 0x09];
const byteOrderMark = [0xef, 0xbb, 0xbf];

/** A line that holds something. */
export type Line = {
  /** From 1; empty lines count. */
  number: number;
  /** Without its end; null: longer than the limit. */
  bytes: Uint8Array | null;
};

const isBlank = (bytes: Uint8Array): boolean =>
  bytes.every((byte) => byte === space || byte === tab || byte === carriageReturn);

const startsWithMark = (bytes: Uint8Array): boolean =>
  byteOrderMark.every((byte, index) => bytes[index] === byte);

/**
 * Lines of a text in UTF-8 that arrives in pieces of any size: in them a line feed is never a part of another character. Holds
 * one line at a time, and no more than `maxLineBytes` of it.
 */
export const splitLines = async function* (
  content: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
): AsyncGenerator<Line> {
  let number = 0;
  let held: Uint8Array[] = [];
  let heldBytes = 0;

  const hold = (bytes: Uint8Array) => {
    heldBytes += bytes.byteLength;
    if (heldBytes <= maxLineBytes) held.push(bytes);
    else held = [];
  };
  const take = (): Line | null => {
    number += 1;
    const isTooLong = heldBytes > maxLineBytes;
    const whole = held.length === 1 && held[0] ? held[0] : Buffer.concat(held);
    held = [];
    heldBytes = 0;
    if (isTooLong) return { number, bytes: null };
    const bytes = number === 1 && startsWithMark(whole) ? whole.subarray(byteOrderMark.length) : whole;
    if (isBlank(bytes)) return null;
    return { number, bytes: bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes };
  };

  for await (const piece of content) {
    let start = 0;
    for (let end = piece.indexOf(lineFeed); end !== -1; end = piece.indexOf(lineFeed, start)) {
      const isEmpty = end === start && heldBytes === 0;
      if (!isEmpty) hold(piece.subarray(start, end));
      start = end + 1;
      // A file may be made of nothing but line feeds: millions of them must not cost much.
      if (isEmpty) {
        number += 1;
        continue;
      }
      const line = take();
      if (line !== null) yield line;
    }
    if (start < piece.byteLength) hold(piece.subarray(start));
  }
  const last = take();
  if (last !== null) yield last;
};
