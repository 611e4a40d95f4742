/** Longer texts are not searched: each step parses a part of them again. */
const longestSearched = 262_144;

const parseMessage = (text: string): string => {
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
};

/**
 * Where a JSON text breaks, in UTF-16 units from 0. V8 says so for most faults; for an unexpected token it
 * doesn't, but every part that reaches beyond the token fails in the same words and every shorter one
 * otherwise, so halving finds it.
 *
 * @returns null when it isn't known.
 */
export const jsonErrorPosition = (text: string, error: unknown): number | null => {
  const message = error instanceof Error ? error.message : '';
  const stated = /at position (\d+)/.exec(message)?.[1];
  if (stated !== undefined) return Number(stated);
  if (message.startsWith('Unexpected end')) return text.length;
  if (!message.startsWith('Unexpected token') || text.length > longestSearched) return null;
  let [good, bad] = [0, text.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (parseMessage(text.slice(0, middle)).startsWith('Unexpected token')) bad = middle;
    else good = middle;
  }
  return bad - 1;
};
