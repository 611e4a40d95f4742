import type { Inference, InferenceFilter } from '../../contract/inference.ts';
import type { MeaningReport } from '../../contract/meaning.ts';
import type { EmbeddingModel, EmbeddingSpace } from './embedding-repository.ts';

/** A space of which the vectors can be searched. */
export type ReadySpace = { id: number; dimensions: number };

/** The newest inference with a prompt. */
export type FoundPrompt = { inference: Inference; similarity: number; repeatCount: number };

/** What an inference asked, as far as search by meaning knows it. */
export type SearchSubject = {
  /** null: its prompt is not noted yet. */
  promptId: number | null;
  text: string;
  vector: number[] | null;
  /** Why the model won't embed it. */
  refusal: string | null;
};

export type NearestRequest = {
  space: ReadySpace;
  vector: readonly number[];
  filter: InferenceFilter;
  limit: number;
  /** A prompt that is left out. */
  exceptPromptId?: number | null | undefined;
};

export type MeaningCounts = { embedded: number; pending: number; refused: number };

/** Two examined prompts, by their places in the list, and how similar they are. */
export type SimilarPair = { a: number; b: number; similarity: number };
export type ExaminedPrompts = {
  /** The newest inference of each, newest first. */
  runIds: string[];
  pairs: SimilarPair[];
  /** Whether these are all that the filter keeps. */
  isComplete: boolean;
};

/** Search by meaning. Reads only. */
export type MeaningRepository = {
  findSpace(model: EmbeddingModel): Promise<EmbeddingSpace | null>;
  countPrompts(spaceId: number | null): Promise<MeaningCounts>;
  report(spaceId: number | null): Promise<Omit<MeaningReport, 'meaning' | 'blockedUntil'>>;
  /** Most similar first, one for each prompt; of equally similar ones the prompt that was noted first. */
  findNearest(request: NearestRequest): Promise<FoundPrompt[]>;
  /** null: there is no such inference. */
  findSubject(inferenceId: string, spaceId: number | null): Promise<SearchSubject | null>;
  /** Other inferences with this very prompt, as one; null: there are none. */
  findRepeats(
    promptId: number,
    exceptInferenceId: string,
    filter: InferenceFilter,
  ): Promise<FoundPrompt | null>;
  /** Compares the newest prompts that the filter keeps with each other. */
  comparePrompts(space: ReadySpace, filter: InferenceFilter, threshold: number): Promise<ExaminedPrompts>;
  /** The beginnings of their prompts, by inference. */
  promptBeginnings(inferenceIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
};
