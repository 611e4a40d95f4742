import type { LimitsRepository, RateResult, Slowdown } from '../../db/limits/limits-repository.ts';
import { AppError } from '../../errors.ts';
import { countMessageTokens, countTokens } from '../prompts/count-tokens.ts';
import { type Sleep, sleepFor } from '../sleep.ts';
import type { Admit } from './ask-provider.ts';
import type { PreparedQuestion } from './prepare-question.ts';

/** What a provider grants, over all workers; what is left out is not limited. */
export type ProviderLimit = {
  /** Calls of batches at once. */
  concurrency?: number | undefined;
  requestsPerMinute?: number | undefined;
  tokensPerMinute?: number | undefined;
};

/** How fast providers may be asked. The truth is in the database, so it holds over all processes. */
export type ProviderPace = {
  /**
   * Books the first call of a single inference. Batches book only a moment ahead, so it never waits for long behind them.
   * @returns what waits for the turn of each attempt; undefined: the provider has no limits
   * @throws {AppError} rate_limited when its turn comes after the deadline
   */
  takeTurn(question: PreparedQuestion, deadlineAt: number): Promise<Admit | undefined>;
  /** Books calls to one provider, in order, no more than `maxWaitMs` ahead. */
  book(provider: string, questions: readonly PreparedQuestion[], maxWaitMs: number): Promise<RateResult[]>;
  /** The same for one call that embeds all these texts. */
  bookTexts(provider: string, texts: readonly string[], maxWaitMs: number): Promise<RateResult>;
  /**
   * Whether a call comes so long after its moment that it must be booked anew: calls that were held up together would otherwise
   * leave together, and be too many for the minute.
   */
  isLate(provider: string, sendAt: Date): boolean;
  /** Configured calls of batches at once; null: no limit. */
  callLimit(provider: string): number | null;
  /** @returns how many calls this holder may have under way for the next 15 s; without a limit all that it wants */
  holdCalls(provider: string, holder: string, wanted: number): Promise<number>;
  releaseCalls(provider: string, holder: string): Promise<void>;
  slow(slowdown: Omit<Slowdown, 'now'>): Promise<void>;
};

type Repository = Pick<LimitsRepository, 'takeRate' | 'holdSlots' | 'releaseSlots' | 'slowProvider'>;

export type ProviderPaceDependencies = {
  repository: Repository;
  limits: Readonly<Record<string, ProviderLimit>>;
  now?: (() => number) | undefined;
  sleep?: Sleep | undefined;
};

/** Held calls fall back after this time, in ms; holders renew well before. */
export const holdMs = 15_000;

/** A booked call leaves so long after its moment at most, in ms: a commit and a free place take time. */
const mostLateMs = 250;

export const createProviderPace = (dependencies: ProviderPaceDependencies): ProviderPace => {
  const { repository, limits, now = Date.now, sleep = sleepFor } = dependencies;
  const limitOf = (provider: string): ProviderLimit => limits[provider] ?? {};
  const isPaced = ({ requestsPerMinute, tokensPerMinute }: ProviderLimit): boolean =>
    requestsPerMinute !== undefined || tokensPerMinute !== undefined;

  const isLate = (provider: string, sendAt: Date): boolean =>
    isPaced(limitOf(provider)) && now() - sendAt.getTime() > mostLateMs;

  /** Tokens are only counted where they are limited. */
  const bookCalls = async (
    provider: string,
    tokensOf: readonly (() => Promise<number>)[],
    maxWaitMs: number,
  ): Promise<RateResult[]> => {
    const limit = limitOf(provider);
    if (!isPaced(limit)) return tokensOf.map(() => ({ sendAt: new Date(now()) }));
    const calls = await Promise.all(
      tokensOf.map((count) => (limit.tokensPerMinute === undefined ? 0 : count())),
    );
    return repository.takeRate({
      provider,
      requestsPerMinute: limit.requestsPerMinute ?? null,
      tokensPerMinute: limit.tokensPerMinute ?? null,
      calls,
      maxWaitMs,
      now: new Date(now()),
    });
  };

  const book: ProviderPace['book'] = (provider, questions, maxWaitMs) =>
    bookCalls(
      provider,
      questions.map((question) => () => mostTokens(question)),
      maxWaitMs,
    );

  return {
    book,
    bookTexts: async (provider, texts, maxWaitMs) => {
      const [booked] = await bookCalls(provider, [() => sumOfTokens(texts)], maxWaitMs);
      if (booked === undefined) throw new TypeError('a call was booked and has no booking');
      return booked;
    },
    isLate,
    takeTurn: async (question, deadlineAt) => {
      const provider = question.provider.name;
      if (!isPaced(limitOf(provider))) return undefined;
      const bookOne = async () => (await book(provider, [question], Math.max(0, deadlineAt - now())))[0];
      let booked = await bookOne();
      if (booked === undefined || 'retryAt' in booked) throw tooFast(provider, booked, now());
      return async (signal) => {
        const isDue = booked !== undefined && 'sendAt' in booked && !isLate(provider, booked.sendAt);
        const turn = isDue ? booked : await bookOne();
        booked = undefined;
        if (turn === undefined || 'retryAt' in turn) return null;
        const waitMs = turn.sendAt.getTime() - now();
        if (waitMs > 0) await sleep(waitMs, signal);
        return () => undefined;
      };
    },
    callLimit: (provider) => limitOf(provider).concurrency ?? null,
    holdCalls: async (provider, holder, wanted) => {
      const max = limitOf(provider).concurrency;
      if (max === undefined) return wanted;
      const at = now();
      const times = { now: new Date(at), expiresAt: new Date(at + holdMs) };
      return repository.holdSlots({ provider, holder, wanted, max, ...times });
    },
    releaseCalls: (provider, holder) => repository.releaseSlots(provider, holder),
    slow: (slowdown) => repository.slowProvider({ ...slowdown, now: new Date(now()) }),
  };
};

/** What a call may come to, as vendors count it against their limits. */
const mostTokens = async ({ messages, parameters }: PreparedQuestion): Promise<number> =>
  (await countMessageTokens(messages)) + parameters.maxOutputTokens;

const sumOfTokens = async (texts: readonly string[]): Promise<number> => {
  let sum = 0;
  for (const text of texts) sum += await countTokens(text);
  return sum;
};

const tooFast = (provider: string, booked: RateResult | undefined, at: number): AppError => {
  const waitMs = booked !== undefined && 'retryAt' in booked ? booked.retryAt.getTime() - at : 0;
  return new AppError('rate_limited', `The limits set for ${provider} leave no room before the deadline.`, {
    retryable: true,
    retryAfterMs: Math.max(0, waitMs),
  });
};
