import type { InferenceFilter } from '../../contract/inference.ts';
import type { RecentRun } from '../../contract/study.ts';
import type { BookedPrice, NewPrice } from '../pricing/price-list-queries.ts';
import type { RecostedRun, RecostRun } from '../pricing/recost-queries.ts';
import type { InferenceRepository, Page, PageRequest } from '../runs/inference-repository.ts';
import type { CheckedRollups } from './check-rollups.ts';
import type { PairedBatches, PairedTargets } from './pair-queries.ts';
import type { RebuiltHours } from './rebuild-hours.ts';
import type { Measured } from './rollup-columns.ts';
import type { RollupStep, RollupWindow } from './rollup-hours.ts';
import type { FigureRow } from './study-queries.ts';

/** What figures are told apart by: a column, or the values of an entry of the metadata. */
export type StudyKey = 'provider' | 'model' | 'servedModel' | 'batch' | { metadata: string };
export type StudyBucket = 'hour' | 'day' | 'week';

export type FiguresRequest = {
  filter: InferenceFilter;
  keys: readonly StudyKey[];
  bucket: StudyBucket | null;
  /** How these are distributed; every row has as many histograms. */
  histograms: readonly Measured[];
  /** Whether rows are told apart by outcome and by what is known of their usage; left out: they are. */
  detailed?: boolean;
  /** Rows of so many values of the first key alone, those with most runs: an entry of the metadata may be different in every run. */
  mostKeys?: number;
};
export type Figures = {
  /** The moment whose state they tell. */
  asOf: string;
  source: 'rollup' | 'raw' | 'mixed';
  rows: readonly FigureRow[];
  /** How many values the first key has in all. */
  keyCount: number;
};

/** Figures of runs, and what they are made from. */
export type StudyRepository = {
  /** Complete and of one moment: what isn't added up yet is read from the runs. */
  figures(request: FiguresRequest): Promise<Figures>;
  recentRuns(filter: InferenceFilter, limit: number): Promise<readonly RecentRun[]>;
  /** @returns null when there is no such batch, or target */
  pairBatches(a: PairedTargets, b: PairedTargets): Promise<PairedBatches | null>;

  /**
   * Adds up hours that are over and in which something changed. Few marks are left of those that wait.
   * @returns how many hours; null: another process is at it
   */
  rollUp(now: Date, step: RollupStep): Promise<number | null>;
  /** Adds up the first hours of a window, changed or not. */
  rebuildHours(window: RollupWindow, step: RollupStep): Promise<RebuiltHours>;
  /** How many hours of a window have runs or figures. */
  countHours(window: RollupWindow): Promise<number>;
  /** Compares the first hours of a window. */
  checkRollups(window: { from: string; to: string }, step: RollupStep): Promise<CheckedRollups>;

  listPrices(
    filter: { provider?: string | undefined; model?: string | undefined },
    page: PageRequest,
  ): Promise<Page<BookedPrice>>;
  /** @throws {AppError} conflict where it would change a price that was in force */
  insertPrice(price: NewPrice, now: Date): Promise<BookedPrice>;

  /** Prices as they are from now on: whoever has just added one must not be answered from memory. */
  freshPrices(): Promise<Pick<InferenceRepository, 'findPrice'>>;

  /** Settled runs after a position, oldest first. */
  runsToRecost(
    filter: InferenceFilter,
    options: { unknownOnly: boolean; after: string | null; limit: number },
  ): Promise<Page<RecostRun>>;
  /** Writes costs that differ. @returns how many runs changed */
  recostRuns(runs: readonly RecostedRun[]): Promise<number>;
};
