import type { Export, ExportFormat, ExportOptions, ExportWhat, StudyTable } from '../../contract/export.ts';
import type { InferenceFilter } from '../../contract/inference.ts';
import type { Page, PageRequest } from '../runs/inference-repository.ts';

export type NewExport = {
  id: string;
  what: ExportWhat;
  format: ExportFormat;
  gzip: boolean;
  filter: InferenceFilter;
  options: ExportOptions;
  apiKeyId: string | null;
  createdAt: Date;
  expiresAt: Date;
};

/** A piece of the file that is kept, under its name in the artifact store. */
export type ExportPart = { partNumber: number; name: string; bytes: number };

/** An export with what is kept of it; `resumeAfter`: the key of the last row that is written. */
export type OpenExport = { export: Export; parts: ExportPart[]; resumeAfter: string | null };

/** Tables whose rows are read page by page; figures of a study are worked out. */
export type RecordedTable = Exclude<ExportWhat, StudyTable>;

export type ExportRows = {
  what: RecordedTable;
  /** Other forms are made of these. */
  format: Exclude<ExportFormat, 'openai'>;
  filter: InferenceFilter;
  /** Nothing that was recorded later belongs to it. */
  before: string;
  after: string | null;
};

export type ExportRowsPage = {
  /** Rows as they stand in the file, without what goes before, between and behind pages. */
  text: string;
  rows: number;
  /** The key of the last of them. */
  after: string | null;
  isLast: boolean;
  /** How many of what is read row by row were read: a measure for the next `limit`. */
  read: number;
};

export type NewExportPart = ExportPart & {
  exportId: string;
  rows: number;
  resumeAfter: string | null;
  now: Date;
  /** SHA-256 of the whole with the last part; null: more will follow. */
  sha256: string | null;
};

/** Exports and their parts; the bytes are elsewhere. null: there is no such export. */
export type ExportRepository = {
  insertExport(created: NewExport): Promise<Export>;
  findExport(id: string): Promise<Export | null>;
  openExport(id: string): Promise<OpenExport | null>;
  /** Those that have not expired, newest first. */
  listExports(page: PageRequest, now: Date): Promise<Page<Export>>;
  /** Rows in the order of time (of a batch: of position), at most `limit` of them and about `maxBytes`, but one at least. */
  readRows(rows: ExportRows, page: { limit: number; maxBytes: number }): Promise<ExportRowsPage>;
  /** What stands at the beginning of a CSV file. */
  csvHeader(what: RecordedTable): string;
  /** @returns false, and changes nothing, when the export isn't running any more or somebody else has added this part */
  addPart(part: NewExportPart): Promise<boolean>;
  failExport(id: string, error: string, now: Date): Promise<void>;
  /** @returns whether there was one */
  deleteExport(id: string): Promise<boolean>;
  /** Ids of exports whose time has passed, oldest first. */
  listExpiredExports(now: Date, limit: number): Promise<string[]>;
  /** Running exports that have not moved since, those for longest first. */
  listStalledExports(since: Date, limit: number): Promise<{ id: string; generation: number }[]>;
  /** Takes the next generation, once: false when another process was first, or the export runs no more. */
  raiseGeneration(id: string, from: number, now: Date): Promise<boolean>;
};
