import { countTokens, isLowSurrogate, tokenWindows } from './count-tokens.ts';

/**
 * The longest beginning of a text, made of whole tokens, that takes at most `maxTokens` (o200k_base).
 * Never ends inside a code point: where a token's last bytes are a part of one, that part goes too.
 */
export const truncateToTokens = async (text: string, maxTokens: number): Promise<string> => {
  if (maxTokens <= 0) return '';
  let count = 0;
  for await (const window of tokenWindows(text)) {
    if (count + window.tokens.length <= maxTokens) {
      count += window.tokens.length;
      continue;
    }
    const room = maxTokens - count;
    for (let kept = room; kept > 0; kept -= 1) {
      const piece = commonPrefix(window.text, window.decode(window.tokens.slice(0, kept)));
      // The tokenizer decodes as a stream and keeps the bytes of half a code point for the next call: give it the other half.
      window.decode(window.tokens.slice(kept));
      // The beginning of a text may be tokenised in another way than it is within the text.
      if ((await countTokens(piece)) <= room) return text.slice(0, window.start) + piece;
    }
    return text.slice(0, window.start);
  }
  return text;
};

/** Half a code point decodes to U+FFFD, which the text doesn't hold there. */
const commonPrefix = (text: string, decoded: string): string => {
  let length = 0;
  while (length < decoded.length && text.charCodeAt(length) === decoded.charCodeAt(length)) length += 1;
  return text.slice(0, isLowSurrogate(text, length) ? length - 1 : length);
};
