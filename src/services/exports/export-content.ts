import type { ExportFormat } from '../../contract/export.ts';
import type { ExportRepository, ExportRows, ExportRowsPage } from '../../db/exports/export-repository.ts';

const [firstLimit, mostRows] = [500, 5000];

/**
 * Pages of rows up to the last, each read while the one before is being written. How many rows are asked for follows how long
 * they are.
 */
export async function* readExportPages(
  repository: Pick<ExportRepository, 'readRows'>,
  rows: ExportRows,
  pageBytes: number,
): AsyncGenerator<ExportRowsPage> {
  let limit = firstLimit;
  const read = async (after: string | null): Promise<ExportRowsPage> =>
    repository.readRows({ ...rows, after }, { limit, maxBytes: pageBytes });
  let next: Promise<ExportRowsPage> | null = read(rows.after);
  try {
    while (next !== null) {
      const page: ExportRowsPage = await next;
      const fitting = Math.floor((page.read * pageBytes) / Math.max(1, page.text.length));
      limit = Math.max(1, Math.min(mostRows, fitting, limit * 2));
      next = page.isLast ? null : read(page.after);
      // Whoever stops here does not wait for it.
      next?.catch(() => {});
      yield page;
    }
  } finally {
    await next?.catch(() => {});
  }
}

/** What surrounds the rows of a file. */
export const exportFrame = (
  format: ExportFormat,
  csvHeader: string,
): { start: string; between: string; end: string } => {
  if (format === 'csv') return { start: csvHeader, between: '', end: '' };
  if (format === 'json') return { start: '[\n', between: ',\n', end: '\n]\n' };
  return { start: '', between: '', end: '' };
};
