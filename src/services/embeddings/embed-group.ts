import type { EmbeddingRepository, EmbeddingSpace } from '../../db/embeddings/embedding-repository.ts';
import type { ProviderError } from '../../errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { failureOf } from '../calls/attempt-result.ts';
import type { EmbedTexts } from './create-embed-texts.ts';
import { type FittedPrompt, fitPrompt } from './fit-prompts.ts';

type Dependencies = {
  embedTexts: EmbedTexts;
  repository: EmbeddingRepository;
  logger: Logger;
  now: () => number;
};

/** What a group came to. `blocked`: the model is to be left alone, and what was claimed is given back. */
export type GroupResult = { embedded: number; isBlocked: boolean };

const callTimeoutMs = 60_000;
/** A wait for its turn that is worth holding prompts for. */
const longestTurnMs = 5000;
/** A prompt that was alone in so many calls that failed, while others succeed, is given up. */
const mostAttempts = 8;
/** A text that was refused as too long is cut in half, not further than this. */
const fewestTokens = 256;
const firstWaitMs = 5000;
const longestBlockMs = 15 * 60_000;
const longestWaitMs = 60 * 60_000;

/** Whose fault a failure is: the prompts', the model's, or whichever. */
const blameOf = ({ kind }: ProviderError): 'prompt' | 'model' | 'either' => {
  switch (kind) {
    case 'content_filter':
    case 'context_length':
    case 'invalid_request':
      return 'prompt';
    case 'server_error':
    case 'timeout':
    case 'bad_response':
      return 'either';
    default:
      return 'model';
  }
};

/**
 * Embeds claimed prompts in one call, and finds out what to do when it fails:
 *
 * - What one of them is to blame for (too long, filtered, not accepted) is found by halves; it is refused with the reason, and the
 *   others are embedded. As long as the model has embedded nothing, a request that it doesn't accept may as well be our setting.
 * - What the model is to blame for (limits, outage, key, credit) gives all of them back, and leaves it alone for as long as it
 *   wishes, or 5 s and twice as long each time, up to 15 min.
 * - What may be either does both: the prompts wait up to an hour, and soon each is asked alone. Then it holds others up for 5 s only,
 *   and one that fails again and again while others succeed is given up.
 *
 * The space that is handed in is kept up to date.
 */
export const createEmbedGroup = ({ embedTexts, repository, logger, now }: Dependencies) => {
  const later = (ms: number) => new Date(now() + ms);

  const block = async (space: EmbeddingSpace, error: ProviderError, isDoubtful: boolean): Promise<void> => {
    const doublings = isDoubtful ? 0 : Math.min(space.failureCount, 10);
    const usualMs = Math.min(longestBlockMs, firstWaitMs * 2 ** doublings);
    // A wish for days would be a slip.
    const waitMs = Math.min(longestWaitMs, error.retryAfterMs ?? usualMs);
    const until = later(waitMs);
    space.failureCount += 1;
    space.blockedUntil = until;
    logger.warn('embedding model left alone after a failure', { kind: error.kind, waitMs });
    await repository.blockSpace(space.id, { until, failure: failureOf(error), at: new Date(now()) });
  };

  const refuse = async (space: EmbeddingSpace, { promptId }: FittedPrompt, error: ProviderError) => {
    const { code: reason, message } = failureOf(error);
    logger.info('prompt refused by the embedding model', { promptId, reason });
    await repository.refusePrompt(space.id, promptId, { reason, message, at: new Date(now()) });
    return { embedded: 0, isBlocked: false };
  };

  const giveBack = async (
    space: EmbeddingSpace,
    prompts: readonly FittedPrompt[],
    options: { notBefore: Date; isTried: boolean },
  ): Promise<GroupResult> => {
    await repository.returnPrompts(space.id, prompts, options);
    return { embedded: 0, isBlocked: true };
  };

  const halves = async (
    space: EmbeddingSpace,
    prompts: readonly FittedPrompt[],
    maxTokens: number,
  ): Promise<GroupResult> => {
    const middle = Math.ceil(prompts.length / 2);
    const first = await embedGroup(space, prompts.slice(0, middle), maxTokens);
    const rest = prompts.slice(middle);
    if (first.isBlocked) {
      await giveBack(space, rest, { notBefore: new Date(now()), isTried: false });
      return first;
    }
    const second = await embedGroup(space, rest, maxTokens);
    return { embedded: first.embedded + second.embedded, isBlocked: second.isBlocked };
  };

  const embedGroup = async (
    space: EmbeddingSpace,
    prompts: readonly FittedPrompt[],
    maxTokens: number,
  ): Promise<GroupResult> => {
    const result = await embedTexts({
      spaceId: space.id,
      dimensions: space.dimensions,
      purpose: 'index',
      texts: prompts.map(({ text }) => text),
      timeoutMs: callTimeoutMs,
      maxWaitMs: longestTurnMs,
      keep: async (settlement, vectors) => {
        space.dimensions ??= await repository.fixDimensions(space.id, vectors[0]?.length ?? 0);
        const embeddings = prompts.map(({ promptId, isTruncated }, place) => ({
          promptId,
          isTruncated,
          vector: vectors[place] ?? [],
        }));
        await repository.storeEmbeddings(space.id, settlement, embeddings);
      },
    });
    if ('vectors' in result) {
      space.failureCount = 0;
      return { embedded: prompts.length, isBlocked: false };
    }
    if ('retryAt' in result) {
      space.blockedUntil = result.retryAt;
      return giveBack(space, prompts, { notBefore: result.retryAt, isTried: false });
    }
    const { error } = result;
    const [alone, ...others] = prompts;
    if (alone === undefined) throw new TypeError('a call without texts');
    const blame = blameOf(error);
    if (blame === 'prompt' && others.length > 0) return halves(space, prompts, maxTokens);
    if (error.kind === 'context_length' && maxTokens > fewestTokens) {
      const shorter = Math.floor(maxTokens / 2);
      return embedGroup(space, [{ ...(await fitPrompt(alone, shorter)), isTruncated: true }], shorter);
    }
    const isProven = error.kind !== 'invalid_request' || (await repository.hasEmbeddings(space.id));
    if (blame === 'prompt' && isProven) return refuse(space, alone, error);
    const isDoubtful = blame === 'either' && others.length === 0;
    if (isDoubtful && alone.attempts >= mostAttempts && space.failureCount === 0) {
      return refuse(space, alone, error);
    }
    await block(space, error, isDoubtful);
    if (blame === 'model') return giveBack(space, prompts, { notBefore: new Date(now()), isTried: false });
    const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(alone.attempts, 10));
    return giveBack(space, prompts, { notBefore: later(waitMs), isTried: true });
  };
  return embedGroup;
};
