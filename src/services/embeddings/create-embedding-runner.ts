import type { EmbeddingRepository } from '../../db/embeddings/embedding-repository.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { type Sleep, sleepFor } from '../sleep.ts';
import type { Embedding } from './create-embeddings.ts';
import { createEmbedGroup } from './embed-group.ts';
import type { EmbeddingRunner, EmbeddingTurnLimits } from './embedding-runner.ts';
import { embeddingModelOf } from './find-embedder.ts';
import { fitPrompt, groupPrompts } from './fit-prompts.ts';

export type EmbeddingRunnerDependencies = {
  repository: EmbeddingRepository;
  /** null: no model is configured, and prompts are noted only. */
  embedding: Embedding | null;
  logger: Logger;
  /** Whether a batch is asked in this process; left out: none is. */
  isBusy?: (() => boolean) | undefined;
  /** Epoch ms. */
  now?: (() => number) | undefined;
  sleep?: Sleep | undefined;
};

/** Runs whose prompts are noted in one transaction. */
const notedAtOnce = 500;
/** Prompts of one call: what a worker that dies has paid for in vain. Storing their vectors keeps the embedded database busy, 0.2 s. */
const claimedAtOnce = 50;
/** A claim covers several calls, if texts are long. */
const leaseMs = 10 * 60_000;
/** A block that is over so soon is waited for. */
const shortBlockMs = 5000;
/** The job works behind what people wait for, on the same processor and database; the more so beside a batch. */
const usualRest = 2;
const restBesideBatch = 12;

export const createEmbeddingRunner = (dependencies: EmbeddingRunnerDependencies): EmbeddingRunner => {
  const { repository, embedding, logger, now = Date.now, sleep = sleepFor } = dependencies;
  const underWay = new Set<Promise<unknown>>();
  const stopping = new AbortController();

  const pause = async (ms: number): Promise<void> => {
    await sleep(ms, stopping.signal).catch((error: unknown) => {
      if (!stopping.signal.aborted) throw error;
    });
  };

  /** @returns whether there may be more */
  const notePrompts = async (endAt: number): Promise<boolean> => {
    for (;;) {
      const count = await repository.notePrompts(notedAtOnce);
      if (count === null || count < notedAtOnce) return false;
      if (now() >= endAt || stopping.signal.aborted) return true;
    }
  };

  const emptyRefusal = { reason: 'empty', message: 'It has no characters but spaces.' };

  const embedPrompts = async (
    { embedder, embedTexts }: Embedding,
    { isJob, rest: wanted }: EmbeddingTurnLimits,
    endAt: number,
  ): Promise<{ embedded: number; next: 'done' | 'again' }> => {
    const { maxTokens } = embedder;
    const embedGroup = createEmbedGroup({ embedTexts, repository, logger, now });
    const space = await repository.openSpace(embeddingModelOf(embedder), new Date(now()));
    let embedded = 0;
    const isOver = () => now() >= endAt || stopping.signal.aborted;

    /** @returns whether the model may be asked now */
    const awaitBlock = async (): Promise<boolean> => {
      const waitMs = (space.blockedUntil?.getTime() ?? 0) - now();
      if (waitMs > shortBlockMs || now() + waitMs > endAt) return false;
      if (waitMs > 0) await pause(waitMs);
      return !isOver();
    };

    while (!isOver()) {
      if (!(await awaitBlock())) return { embedded, next: 'done' };
      const startedAt = now();
      const leaseUntil = new Date(startedAt + leaseMs);
      const claim = { spaceId: space.id, limit: claimedAtOnce, now: new Date(startedAt), leaseUntil, isJob };
      const claimed = await repository.claimPrompts(claim);
      if (claimed.length === 0) return { embedded, next: 'done' };
      const blank = claimed.filter(({ text }) => text.trim() === '');
      for (const { promptId } of blank) {
        await repository.refusePrompt(space.id, promptId, { ...emptyRefusal, at: new Date(now()) });
      }
      const asked = claimed.filter((prompt) => !blank.includes(prompt));
      const groups = groupPrompts(await Promise.all(asked.map((prompt) => fitPrompt(prompt, maxTokens))));
      for (const [place, group] of groups.entries()) {
        const result = await embedGroup(space, group, maxTokens);
        embedded += result.embedded;
        const left = groups.slice(place + 1).flat();
        if (left.length > 0 && (result.isBlocked || isOver())) {
          await repository.returnPrompts(space.id, left, { notBefore: new Date(now()), isTried: false });
          break;
        }
      }
      const rest = wanted ?? (dependencies.isBusy?.() ? restBesideBatch : usualRest);
      if (rest > 0 && !isOver()) await pause(Math.min(endAt - now(), rest * (now() - startedAt)));
    }
    return { embedded, next: 'again' };
  };

  const runTurn: EmbeddingRunner['runTurn'] = async (limits) => {
    const endAt = now() + limits.withinMs;
    const isMore = await notePrompts(endAt);
    if (embedding === null) return { next: isMore ? 'again' : 'done', embedded: 0 };
    const { embedded, next } = await embedPrompts(embedding, limits, endAt);
    return { embedded, next: isMore ? 'again' : next };
  };

  return {
    runTurn: async (limits) => {
      const work = runTurn(limits);
      underWay.add(work);
      try {
        return await work;
      } finally {
        underWay.delete(work);
      }
    },
    stop: async () => {
      stopping.abort();
      await Promise.allSettled(underWay);
    },
  };
};
