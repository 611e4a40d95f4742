import type { BatchItemInput } from '../../contract/batch-item.ts';
import type { FieldFault } from '../../errors.ts';

/** One question of a batch as it was given, or what is wrong with it. */
export type GivenQuestion = {
  /** Where it stood: `line 17` of a file, `/items/16` of a request. Begins the pointers of faults. */
  place: string;
} & (
  | {
      item: BatchItemInput;
      /** The model that the line itself names (OpenAI's batch format); null: none. */
      model: string | null;
    }
  | { faults: FieldFault[] }
);

/** The questions of a batch, to be read more than once: first to check them all, then to store them. */
export type QuestionFile = {
  /** SHA-256 (hex) of the content, the same for the same questions. */
  sha256: string;
  /** In order. @throws {AppError} invalid_request or payload_too_large where going on makes no sense (bad gzip, too large) */
  questions(): AsyncIterable<GivenQuestion>;
  /** Deletes what was kept for it. */
  dispose(): Promise<void>;
};
