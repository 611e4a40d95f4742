import type { CreateExport, Export, ExportFormat, ExportWhat } from '../../src/contract/export.ts';
import { filterNames } from './run-filter.ts';

export const exportTables: Readonly<Record<ExportWhat, string>> = {
  runs: 'Runs',
  attempts: 'Calls to providers',
  results: 'Batch items with answers',
  comparison: 'Comparison',
  timeseries: 'Trend',
  distribution: 'Distribution',
};

const formats: Readonly<Record<ExportFormat, string>> = {
  csv: 'CSV',
  json: 'JSON',
  jsonl: 'JSON lines',
  openai: 'OpenAI’s batch output',
};

/** The formats that a table has. */
export const exportFormats = (what: ExportWhat): Partial<Record<ExportFormat, string>> => {
  const { openai, ...others } = formats;
  return what === 'results' ? formats : others;
};

export const formatOf = ({ format, gzip }: Pick<Export, 'format' | 'gzip'>): string =>
  `${formats[format]}${gzip ? ', gzip' : ''}`;

/** Where what an export is made of is shown. */
export const originOf = ({
  what,
  filter,
  options = {},
}: Pick<CreateExport, 'what' | 'filter' | 'options'>): string => {
  const kept = new URLSearchParams();
  for (const name of filterNames) {
    const value = filter?.[name];
    if (value !== undefined) kept.set(name, value);
  }
  if (what === 'results') return `/batches/${kept.get('batchId')}`;
  if (what === 'runs' || what === 'attempts') return `/runs?${kept}`;
  if (options.by !== undefined) kept.set('by', options.by);
  return `/study?${kept}`;
};

/** What was chosen, in words: `outcome ok, provider echo`. */
export const choiceWords = ({ filter, options }: Pick<Export, 'filter' | 'options'>): string =>
  [...Object.entries(options), ...Object.entries(filter)].map((entry) => entry.join(' ')).join(', ');
