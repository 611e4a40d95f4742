import { Decimal } from 'decimal.js';
import { createSeededRandom } from '../../src/providers/seeded-random.ts';
import { type FakeProvider, startFakeProvider } from './fake-provider.ts';
import { chatAnswer, errorAnswer } from './fake-vendor-answers.ts';

export type SpendingProvider = FakeProvider & {
  /** What its answers came to, by its own books. */
  spent(): { usd: Decimal; tokens: number; calls: number };
  /** Begins new books, with another random sequence. With an even seed some calls fail so that nobody knows what they cost. */
  open(seed: number): void;
};

/** gpt-4o, in USD for a million tokens: src/db/prices. */
const prices = { input: '2.50', cachedInput: '1.25', output: '10.00' };

const hastyShare = 0.01;
const brokenShare = 0.04;
const mostLatencyMs = 10;

type Question = {
  messages: { content: string }[];
  max_tokens?: number;
  max_completion_tokens?: number;
};

/**
 * Decides by chance what each answer takes: up to the most that the question allows, and any number of input tokens that its
 * bytes can have. Some calls are refused, and cost nothing. Keeps its own books.
 */
export const startSpendingProvider = async (): Promise<SpendingProvider> => {
  const fake = await startFakeProvider({ record: false });
  let random = createSeededRandom(1);
  let breaks = false;
  let usd = new Decimal(0);
  let tokens = 0;
  let calls = 0;

  const upTo = (most: number): number => Math.floor(random() * (most + 1));
  fake.respondWith(({ body }) => {
    const { messages, max_tokens, max_completion_tokens } = body as Question;
    const latencyMs = upTo(mostLatencyMs);
    const luck = random();
    if (luck < hastyShare) return errorAnswer(429, { message: 'too fast' }, { 'retry-after-ms': '5' });
    if (luck < hastyShare + brokenShare && breaks) return errorAnswer(500, { message: 'oops' });
    const bytes = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
    const input = 1 + upTo(bytes - 1);
    const cached = random() < 0.3 ? upTo(input) : 0;
    // Often all of it: the upper bound must hold exactly there.
    const most = max_completion_tokens ?? max_tokens ?? 0;
    const output = random() < 0.3 ? most : upTo(most);
    calls += 1;
    tokens += input + output;
    usd = usd
      .plus(new Decimal(prices.input).times(input - cached))
      .plus(new Decimal(prices.cachedInput).times(cached))
      .plus(new Decimal(prices.output).times(output));
    const usage = {
      prompt_tokens: input,
      completion_tokens: output,
      total_tokens: input + output,
      prompt_tokens_details: { cached_tokens: cached },
    };
    return { latencyMs, body: chatAnswer('yes', { model: 'gpt-4o', usage }) };
  });

  return {
    ...fake,
    spent: () => ({ usd: usd.dividedBy(1_000_000), tokens, calls }),
    open: (seed) => {
      random = createSeededRandom(seed);
      breaks = seed % 2 === 0;
      usd = new Decimal(0);
      tokens = 0;
      calls = 0;
    },
  };
};
