import { type ExportOptions, type StudyTable, studyTables } from '../../contract/export.ts';
import type { InferenceFilter } from '../../contract/inference.ts';
import type { StudyService } from '../study/study-service.ts';
import { type CsvColumn, comparisonColumns } from './comparison-columns.ts';
import { csvTextCell } from './csv-text-cell.ts';

/** Figures as a table, in both of the forms that files have. */
export type StudyTableContent = { csvHeader: string; csvLines: string[]; jsonLines: string[] };

const contentOf = <Row extends object>(
  columns: readonly CsvColumn<Row>[],
  rows: readonly Row[],
): StudyTableContent => ({
  csvHeader: `${columns.map(([name]) => name).join(',')}\r\n`,
  csvLines: rows.map((row) => `${columns.map(([, cell]) => cell(row) ?? '').join(',')}\r\n`),
  jsonLines: rows.map((row) => JSON.stringify(row)),
});

type Figures = Pick<StudyService, 'compare' | 'timeseries' | 'distribution'>;
type Asked = { filter: InferenceFilter; options: ExportOptions };

const readers: Record<StudyTable, (study: Figures, query: object) => Promise<StudyTableContent>> = {
  comparison: async (study, query) => {
    const { rows } = await study.compare(studyTables.comparison.parse(query));
    return contentOf(comparisonColumns, rows);
  },
  timeseries: async (study, query) => {
    const { series, measure } = await study.timeseries(studyTables.timeseries.parse(query));
    return contentOf(
      [
        ['key', ({ key }) => csvTextCell(key)],
        ['start', ({ start }) => start],
        ['run_count', ({ runCount }) => runCount],
        ['measure', () => measure],
        ['value', ({ value }) => value],
      ],
      series.flatMap(({ key, points }) => points.map((point) => ({ key, ...point }))),
    );
  },
  distribution: async (study, query) => {
    const { bins, of } = await study.distribution(studyTables.distribution.parse(query));
    return contentOf(
      [
        ['of', () => of],
        ['from', ({ from }) => from],
        ['to', ({ to }) => to],
        ['count', ({ count }) => count],
      ],
      bins,
    );
  },
};

/** The rows of the study's answer, of this moment. @throws {AppError} as the study does */
export const readStudyTable = (
  study: Figures,
  what: StudyTable,
  { filter, options }: Asked,
): Promise<StudyTableContent> => readers[what](study, { ...filter, ...options });
