import { BatchResult } from '../../contract/batch-item.ts';
import { type Export, isStudyTable } from '../../contract/export.ts';
import { toOpenaiBatchOutput } from '../../contract/openai-batch-output.ts';
import type { ExportRepository, ExportRowsPage } from '../../db/exports/export-repository.ts';
import type { StudyService } from '../study/study-service.ts';
import { exportFrame, readExportPages } from './export-content.ts';
import { readStudyTable } from './study-table.ts';

/** Where the rows of an export come from, and what stands before the first of them in a CSV file. */
export type ExportSource = { csvHeader: string; pages: AsyncGenerator<ExportRowsPage> };

export type ExportSourceDependencies = {
  repository: Pick<ExportRepository, 'readRows' | 'csvHeader'>;
  study: Pick<StudyService, 'compare' | 'timeseries' | 'distribution'>;
  /** How much is read at once, before compression. About as much as two such pages is held in memory. */
  pageBytes: number;
};

/** All rows at once: there are some thousand at most. */
async function* onePage(rows: readonly string[], between: string): AsyncGenerator<ExportRowsPage> {
  yield { text: rows.join(between), rows: rows.length, after: null, isLast: true, read: rows.length };
}

/** Each line of results, as OpenAI would have written it. */
async function* asBatchOutput(pages: AsyncGenerator<ExportRowsPage>): AsyncGenerator<ExportRowsPage> {
  for await (const page of pages) {
    const lines = page.text.split('\n').filter((line) => line !== '');
    const text = lines
      .map((line) => `${JSON.stringify(toOpenaiBatchOutput(BatchResult.parse(JSON.parse(line))))}\n`)
      .join('');
    yield { ...page, text };
  }
}

/** What an export is made of, from the key of the last row that is written on. @throws {AppError} as the study does */
export const openExportSource = async (
  { repository, study, pageBytes }: ExportSourceDependencies,
  { what, format, filter, options, createdAt }: Export,
  after: string | null,
): Promise<ExportSource> => {
  if (isStudyTable(what)) {
    const { csvHeader, csvLines, jsonLines } = await readStudyTable(study, what, { filter, options });
    if (format === 'csv') return { csvHeader, pages: onePage(csvLines, '') };
    const lineEnd = format === 'json' ? '' : '\n';
    const lines = jsonLines.map((line) => `${line}${lineEnd}`);
    return { csvHeader, pages: onePage(lines, exportFrame(format, '').between) };
  }
  const rows = { what, filter, before: createdAt, after };
  const csvHeader = repository.csvHeader(what);
  if (format !== 'openai')
    return { csvHeader, pages: readExportPages(repository, { ...rows, format }, pageBytes) };
  return {
    csvHeader,
    pages: asBatchOutput(readExportPages(repository, { ...rows, format: 'jsonl' }, pageBytes)),
  };
};
