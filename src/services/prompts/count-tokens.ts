import type { Message } from '../../contract/inference.ts';

/** What is tokenised at once, in UTF-16 units: the tokenizer's time grows with the square of a run without a break. */
const windowLength = 512;
/** How long counting may hold the event loop before others get their turn, in ms. */
const turnMs = 10;
/** Role and separators of a message, and the start of the answer (OpenAI cookbook, "How to count tokens"). */
const tokensPerMessage = 4;
const tokensOfAnswerStart = 3;

type Encoding = Pick<typeof import('gpt-tokenizer/encoding/o200k_base'), 'encode' | 'decode'>;

/** Text such as `<|endoftext|>` is what the user wrote, not a control token. */
const plainText = { disallowedSpecial: new Set<string>() };

let loading: Promise<Encoding> | null = null;

/** The tokenizer weighs 2.8 MB, so it is loaded when the first text has to be counted. */
const loadEncoding = (): Promise<Encoding> => {
  loading ??= import('gpt-tokenizer/encoding/o200k_base');
  return loading;
};

/** Tokens of a text by OpenAI's o200k_base (gpt-4o and later): exact for these models, an estimate for others. */
export const countTokens = async (text: string, options: { stopAbove?: number } = {}): Promise<number> => {
  const stopAbove = options.stopAbove ?? Number.POSITIVE_INFINITY;
  let count = 0;
  for await (const window of tokenWindows(text)) {
    count += window.tokens.length;
    if (count > stopAbove) break;
  }
  return count;
};

/**
 * Tokens that a conversation takes as input, separators included.
 * @param options.stopAbove counting ends soon after this many; the result is then a lower bound above it.
 */
export const countMessageTokens = async (
  messages: readonly Pick<Message, 'content'>[],
  options: { stopAbove?: number } = {},
): Promise<number> => {
  const stopAbove = options.stopAbove ?? Number.POSITIVE_INFINITY;
  let count = messageOverhead(messages.length);
  for (const { content } of messages) {
    if (count > stopAbove) break;
    count += await countTokens(content, { stopAbove: stopAbove - count });
  }
  return count;
};

/** An upper bound of `countMessageTokens` without a tokenizer: no byte-level token is shorter than one UTF-8 byte. */
export const boundMessageTokens = (messages: readonly Pick<Message, 'content'>[]): number => {
  let bytes = messageOverhead(messages.length);
  for (const { content } of messages) bytes += Buffer.byteLength(content);
  return bytes;
};

const messageOverhead = (messageCount: number): number =>
  messageCount * tokensPerMessage + tokensOfAnswerStart;

export type TokenWindow = { start: number; text: string; tokens: number[]; decode: Encoding['decode'] };

/** A text in tokenised pieces, in order; gives the event loop its turn between them. */
export async function* tokenWindows(text: string): AsyncGenerator<TokenWindow> {
  const { encode, decode } = await loadEncoding();
  let turnEnds = performance.now() + turnMs;
  for (let start = 0; start < text.length; ) {
    const end = windowEnd(text, start);
    const piece = text.slice(start, end);
    yield { start, text: piece, tokens: encode(piece, plainText), decode };
    start = end;
    if (performance.now() > turnEnds) {
      await new Promise((resolve) => setImmediate(resolve));
      turnEnds = performance.now() + turnMs;
    }
  }
}

/**
 * Where a piece may end without changing its tokens: between a letter and something that is neither letter, mark nor
 * apostrophe, the pre-tokenizer's pattern always begins anew. A piece without such a place is cut at full length,
 * which adds a token at most, but never inside a code point.
 */
const windowEnd = (text: string, start: number): number => {
  const limit = start + windowLength;
  if (limit >= text.length) return text.length;
  for (let end = limit; end > start + windowLength / 2; end -= 1) {
    if (/[^\p{L}\p{M}'\ud800-\udfff]/u.test(text.charAt(end)) && /\p{L}/u.test(text.charAt(end - 1)))
      return end;
  }
  return isLowSurrogate(text, limit) ? limit - 1 : limit;
};

/** True when position `index` stands inside a code point of two UTF-16 units. */
export const isLowSurrogate = (text: string, index: number): boolean => {
  const unit = text.charCodeAt(index);
  const before = text.charCodeAt(index - 1);
  return unit >= 0xdc00 && unit <= 0xdfff && before >= 0xd800 && before <= 0xdbff;
};
