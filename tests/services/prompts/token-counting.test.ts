import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { AppError } from '../../../src/errors.ts';
import { completeUsage } from '../../../src/services/calls/complete-usage.ts';
import {
  boundMessageTokens,
  countMessageTokens,
  countTokens,
} from '../../../src/services/prompts/count-tokens.ts';
import { enforceInputTokens, resolveMaxOutputTokens } from '../../../src/services/prompts/token-limits.ts';
import { truncateToTokens } from '../../../src/services/prompts/truncate-to-tokens.ts';

const plain = { disallowedSpecial: new Set<string>() };
const prose = [
  'The quick brown fox – isn’t it lazy? – doesn\'t jump 12,345 times over "dogs".\n\n',
  'Größenänderung für Übermütige; naïve café, 東京タワーは高いです。 Москва 😀👩‍🔬 {"a": [1, 2]}\t',
]
  .join('')
  .repeat(40);
const anyText = fc.string({ unit: 'binary', maxLength: 1200 }).map((text) => text.toWellFormed());
const letters = fc.string({
  unit: fc.constantFrom('a', 'é', '日', '😀', ' ', "'", '\n', '1', '\u0301'),
  maxLength: 1500,
});

describe('countTokens', () => {
  it('equals the tokenizer on long prose', async () => {
    expect(prose.length).toBeGreaterThan(5000);
    expect(await countTokens(prose)).toBe(encode(prose, plain).length);
  });

  it('takes control tokens as the text they are', async () => {
    expect(await countTokens('<|endoftext|>')).toBe(7);
  });

  it('never exceeds the number of bytes, which is the bound used before counting', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyText, letters), async (content) => {
        const messages = [{ content }];
        expect(await countMessageTokens(messages)).toBeLessThanOrEqual(boundMessageTokens(messages));
      }),
    );
  });

  it('adds at most one token for each forced cut of a text without a break', async () => {
    const text = 'ab'.repeat(2000);
    const exact = encode(text, plain).length;
    const counted = await countTokens(text);
    expect(counted).toBeGreaterThanOrEqual(exact);
    expect(counted - exact).toBeLessThanOrEqual(text.length / 256);
  });

  it('takes linear time on a text without a break', async () => {
    const started = performance.now();
    await countTokens('a'.repeat(400_000));
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('stops soon above the given number', async () => {
    const count = await countTokens('word '.repeat(100_000), { stopAbove: 1000 });
    expect(count).toBeGreaterThan(1000);
    expect(count).toBeLessThan(1300);
  });
});

describe('truncateToTokens', () => {
  it('gives a whole-code-point beginning of at most so many tokens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyText, letters), fc.nat(400), async (text, maxTokens) => {
        const cut = await truncateToTokens(text, maxTokens);
        expect(text.startsWith(cut)).toBe(true);
        expect(cut.isWellFormed()).toBe(true);
        const count = await countTokens(cut);
        expect(count).toBeLessThanOrEqual(maxTokens);
        if ((await countTokens(text)) <= maxTokens) expect(cut).toBe(text);
      }),
    );
  });

  it('uses what it may', async () => {
    const cut = await truncateToTokens(prose, 1000);
    expect(await countTokens(cut)).toBeGreaterThan(990);
  });

  it('does not leave half of an emoji that takes several tokens', async () => {
    const family = '👩‍🔬';
    const tokens = encode(family, plain).length;
    expect(tokens).toBeGreaterThan(2);
    for (let maxTokens = 0; maxTokens <= tokens; maxTokens += 1) {
      const cut = await truncateToTokens(family, maxTokens);
      expect(cut.isWellFormed() && family.startsWith(cut)).toBe(true);
    }
  });
});

const limits = { maxInputTokens: 100, defaultMaxOutputTokens: 40, maxOutputTokens: 60 };
const model = (contextTokens: number | null) => ({ id: 'm', family: null, contextTokens });

describe('resolveMaxOutputTokens', () => {
  it.each([
    [undefined, null, 40],
    [undefined, model(null), 40],
    [undefined, model(50), 25],
    [7, model(50), 7],
    [60, null, 60],
  ])('%p with %j gives %p', (asked, info, expected) => {
    expect(resolveMaxOutputTokens(asked, limits, info)).toBe(expected);
  });

  it('refuses above the limit and the context, with both numbers', () => {
    for (const [asked, info, numbers] of [
      [61, null, /61.*60/],
      [50, model(50), /50.*50/],
    ] as const) {
      try {
        resolveMaxOutputTokens(asked, limits, info);
        throw new Error('not refused');
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
        expect((error as AppError).faults[0]).toMatchObject({ pointer: '/parameters/maxOutputTokens' });
        expect((error as AppError).faults[0]?.message).toMatch(numbers);
      }
    }
  });
});

describe('enforceInputTokens', () => {
  const ask = (content: string, info = model(null)) =>
    enforceInputTokens([{ role: 'user', content }], '/prompt', limits.maxInputTokens, info, 40);

  it('counts really where the bytes alone would refuse', async () => {
    // 90 words of 8 bytes: 720 bytes, yet 90 + 7 tokens.
    await expect(ask(' average'.repeat(90))).resolves.toBeUndefined();
    // 93 words + 7 is exactly the limit, 94 one more.
    await expect(ask(' average'.repeat(93))).resolves.toBeUndefined();
    await expect(ask(' average'.repeat(94))).rejects.toMatchObject({
      code: 'input_too_long',
      faults: [{ pointer: '/prompt', message: 'the input has 101 tokens, allowed are at most 100' }],
    });
  });

  it('says "at least" where it stopped counting', async () => {
    await expect(ask(' average'.repeat(5000))).rejects.toMatchObject({
      faults: [{ message: expect.stringMatching(/at least \d+ tokens, allowed are at most 100/) }],
    });
  });

  it("keeps room for the output in the model's context", async () => {
    await expect(ask(' average'.repeat(50), model(90))).rejects.toMatchObject({
      faults: [
        { message: "the input has 57 tokens, the model's context of 90 less 40 for the output leaves 50" },
      ],
    });
  });
});

describe('completeUsage', () => {
  const messages = [{ role: 'user' as const, content: 'Hello world' }];
  const unknown = { inputTokens: null, cachedInputTokens: null, outputTokens: null, reasoningTokens: null };

  it('leaves a reported usage alone', async () => {
    const usage = { inputTokens: 1, cachedInputTokens: null, outputTokens: 0, reasoningTokens: 3 };
    const answer = { usage, text: 'Hello', refusal: null };
    expect(await completeUsage(messages, answer)).toEqual({ ...usage, estimated: false });
  });

  it('counts what is missing and says so', async () => {
    expect(await completeUsage(messages, { usage: unknown, text: 'Hello world', refusal: null })).toEqual({
      inputTokens: 9,
      cachedInputTokens: null,
      outputTokens: 2,
      reasoningTokens: null,
      estimated: true,
    });
    const partly = { ...unknown, outputTokens: 5 };
    expect(await completeUsage(messages, { usage: partly, text: 'x', refusal: null })).toMatchObject({
      inputTokens: 9,
      outputTokens: 5,
      estimated: true,
    });
  });
});
