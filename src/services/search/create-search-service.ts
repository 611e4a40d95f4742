import type { Inference, InferenceFilter } from '../../contract/inference.ts';
import type { Highlight, SearchHit, SimilarHit } from '../../contract/search.ts';
import type { EmbeddingRepository, EmbeddingSpace } from '../../db/embeddings/embedding-repository.ts';
import type { MeaningRepository, SearchSubject } from '../../db/embeddings/meaning-repository.ts';
import type { InferenceRepository } from '../../db/runs/inference-repository.ts';
import { AppError } from '../../errors.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Embedding } from '../embeddings/create-embeddings.ts';
import { embeddingModelOf } from '../embeddings/find-embedder.ts';
import { createQueryVectors } from './create-query-vectors.ts';
import { groupPairs } from './group-pairs.ts';
import { highlightText } from './highlight-text.ts';
import { createMeaningState } from './meaning-state.ts';
import type { SearchService } from './search-service.ts';

export type SearchServiceDependencies = {
  repository: Pick<InferenceRepository, 'searchPrompts'>;
  meaningRepository: MeaningRepository;
  embeddingRepository: Pick<EmbeddingRepository, 'openSpace'>;
  /** null: no model is configured. */
  embedding: Embedding | null;
  /** Left out: nothing is traced. */
  telemetry?: Pick<Telemetry, 'traceUrl'> | undefined;
  /** Epoch ms. */
  now?: (() => number) | undefined;
};

const mostListedMembers = 20;

const highlightsOf = ({ messages, text }: Inference, query: string): Highlight[] => {
  const texts: [pointer: string, text: string][] = messages.map(({ content }, index) => [
    `/messages/${index}/content`,
    content,
  ]);
  if (text !== null) texts.push(['/text', text]);
  return texts.flatMap(([pointer, whole]) => {
    const found = highlightText(whole, query);
    return found === null ? [] : [{ pointer, ...found }];
  });
};

export const createSearchService = (dependencies: SearchServiceDependencies): SearchService => {
  const { repository, meaningRepository, embeddingRepository, embedding, telemetry } = dependencies;
  const { now = Date.now } = dependencies;
  const model = embedding && embeddingModelOf(embedding.embedder);
  const queryVectors = embedding && createQueryVectors({ ...embedding, now });
  const meaningOf = createMeaningState({ repository: meaningRepository, model, now });

  const findSpace = async (): Promise<EmbeddingSpace | null> => model && meaningRepository.findSpace(model);

  const withTraceUrl = <Found extends { inference: Inference }>(found: Found): Found => ({
    ...found,
    inference: { ...found.inference, traceUrl: telemetry?.traceUrl(found.inference.traceId) ?? null },
  });

  const notConfigured = () =>
    new AppError('embedding_not_configured', 'No embedding model is configured; search by words (`text`).');

  const byWords = async (text: string, limit: number, filter: InferenceFilter): Promise<SearchHit[]> => {
    const found = await repository.searchPrompts(text, limit, filter);
    return found.map((inference) =>
      withTraceUrl({
        inference,
        highlights: highlightsOf(inference, text),
        similarity: null,
        repeatCount: null,
      }),
    );
  };

  /** Where nothing was ever embedded its space is made: the call is recorded there. */
  const vectorOf = async (text: string, pointer: string, known: EmbeddingSpace | null) => {
    if (model === null || queryVectors === null) throw notConfigured();
    const space = known ?? (await embeddingRepository.openSpace(model, new Date(now())));
    const vector = await queryVectors(space, text, pointer);
    return { vector, space: { id: space.id, dimensions: space.dimensions ?? vector.length } };
  };

  /** Prompts like that of an inference; one that has no vector yet is embedded for the question. */
  const similarTo = async (
    { text, vector, promptId: exceptPromptId }: SearchSubject,
    space: EmbeddingSpace | null,
    rest: { limit: number; filter: InferenceFilter },
  ): Promise<SimilarHit[]> => {
    const ready =
      vector !== null && space !== null
        ? { vector, space: { id: space.id, dimensions: vector.length } }
        : await vectorOf(text, '{id}', space);
    const found = await meaningRepository.findNearest({ ...ready, ...rest, exceptPromptId });
    return found.map((hit) => withTraceUrl({ ...hit, isRepeat: false }));
  };

  return {
    search: async ({ text, like, limit, ...filter }) => {
      const space = await findSpace();
      if (text !== undefined) {
        return { data: await byWords(text, limit, filter), meaning: await meaningOf(space) };
      }
      const asked = await vectorOf(like ?? '', '?like', space);
      const found = await meaningRepository.findNearest({ ...asked, filter, limit });
      const data = found.map((hit) => withTraceUrl({ ...hit, highlights: [] }));
      return { data, meaning: await meaningOf(space) };
    },

    similar: async (id, { limit, ...filter }) => {
      const space = await findSpace();
      const subject = await meaningRepository.findSubject(id, space?.id ?? null);
      if (subject === null) throw new AppError('not_found', `There is no inference ${id}.`);
      const { promptId, text, refusal } = subject;
      const repeats = promptId === null ? null : await meaningRepository.findRepeats(promptId, id, filter);
      const first: SimilarHit[] = repeats === null ? [] : [withTraceUrl({ ...repeats, isRepeat: true })];
      const isAsked = model !== null && refusal === null && text.trim() !== '' && limit > first.length;
      const others = isAsked ? await similarTo(subject, space, { limit: limit - first.length, filter }) : [];
      return { data: [...first, ...others], refusal, meaning: await meaningOf(space) };
    },

    duplicates: async ({ threshold, limit, ...filter }) => {
      if (model === null) throw notConfigured();
      const space = await findSpace();
      const meaning = await meaningOf(space);
      if (space === null || space.dimensions === null) {
        return { data: [], omittedGroupCount: 0, examinedCount: 0, isComplete: true, meaning };
      }
      const ready = { id: space.id, dimensions: space.dimensions };
      const { runIds, pairs, isComplete } = await meaningRepository.comparePrompts(ready, filter, threshold);
      const groups = groupPairs(pairs).map(({ members, similarity }) => ({
        size: members.length,
        similarity,
        inferenceIds: members.slice(0, mostListedMembers).flatMap((place) => runIds[place] ?? []),
      }));
      const shown = groups.slice(0, limit);
      const firstOf = ({ inferenceIds }: { inferenceIds: string[] }) => inferenceIds[0] ?? '';
      const beginnings = await meaningRepository.promptBeginnings(shown.map(firstOf));
      return {
        data: shown.map((group) => ({ ...group, example: beginnings.get(firstOf(group)) ?? '' })),
        omittedGroupCount: groups.length - shown.length,
        examinedCount: runIds.length,
        isComplete,
        meaning,
      };
    },

    report: async () => {
      const space = await findSpace();
      const [meaning, report] = await Promise.all([
        meaningOf(space),
        meaningRepository.report(space?.id ?? null),
      ]);
      const blockedUntil = space?.blockedUntil ?? null;
      const isBlocked = blockedUntil !== null && blockedUntil.getTime() > now();
      return { meaning, ...report, blockedUntil: isBlocked ? blockedUntil.toISOString() : null };
    },
  };
};
