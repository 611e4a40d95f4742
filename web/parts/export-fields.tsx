import type { CreateExport, ExportOptions, ExportWhat } from '../../src/contract/export.ts';
import type { InferenceFilter } from '../../src/contract/inference.ts';
import { exportFormats, exportTables } from '../format/export-words.ts';
import { buckets, comparedBy, measures, quantities, splits } from '../format/study-words.ts';
import { ChoiceField } from './choice-field.tsx';
import { CheckField } from './field.tsx';

/** What figures are asked for by, unless something else is chosen. */
const usualOptions = { by: 'model', bucket: 'day', measure: 'runs', of: 'latencyMs' } as const;
const optionsOf = (what: ExportWhat, { by, bucket, measure, split, of }: ExportOptions): ExportOptions => {
  if (what === 'comparison') return { by: by ?? usualOptions.by };
  if (what === 'timeseries') {
    const { bucket: usualBucket, measure: usualMeasure } = usualOptions;
    return { bucket: bucket ?? usualBucket, measure: measure ?? usualMeasure, ...(split && { split }) };
  }
  return what === 'distribution' ? { of: of ?? usualOptions.of } : {};
};

/** A request for a table that takes what the page has chosen as far as the table knows it. */
export const exportRequest = (
  { what, format, gzip }: Pick<CreateExport, 'what' | 'format' | 'gzip'>,
  filter: InferenceFilter,
  options: ExportOptions,
): CreateExport => {
  const { batchId, outcome } = filter;
  return {
    what,
    format: format in exportFormats(what) ? format : 'csv',
    gzip,
    filter: what === 'results' ? { batchId, outcome } : filter,
    options: optionsOf(what, options),
  };
};

const tableChoices = (tables: readonly ExportWhat[]): Partial<Record<ExportWhat, string>> =>
  Object.fromEntries(tables.map((table) => [table, exportTables[table]]));

type ExportFieldsProps = {
  tables: readonly ExportWhat[];
  request: CreateExport;
  onChange: (part: Partial<CreateExport>) => void;
};

/** Which table, in which form, and for figures how they are asked for. */
export const ExportFields = ({ tables, request, onChange }: ExportFieldsProps) => {
  const { what, format, gzip = false, options = {} } = request;
  const change = (part: ExportOptions) => onChange({ options: { ...options, ...part } });
  const { by, bucket, measure, split, of } = options;
  return (
    <>
      <div className="fields">
        <ChoiceField
          label="Table"
          value={what}
          choices={tableChoices(tables)}
          onChange={(next) => onChange({ what: next })}
        />
        <ChoiceField
          label="Format"
          value={format}
          choices={exportFormats(what)}
          onChange={(next) => onChange({ format: next })}
        />
        {by && (
          <ChoiceField
            label="Compare by"
            value={by}
            choices={comparedBy}
            onChange={(next) => change({ by: next })}
          />
        )}
        {measure && bucket && (
          <>
            <ChoiceField
              label="Measure"
              value={measure}
              choices={measures}
              onChange={(next) => change({ measure: next })}
            />
            <ChoiceField
              label="By the"
              value={bucket}
              choices={buckets}
              onChange={(next) => change({ bucket: next })}
            />
            <ChoiceField
              label="Split by"
              value={split ?? 'none'}
              choices={{ ...splits, ...(split && !Object.hasOwn(splits, split) && { [split]: split }) }}
              onChange={(next) => change({ split: next === 'none' ? undefined : next })}
            />
          </>
        )}
        {of && (
          <ChoiceField label="Of" value={of} choices={quantities} onChange={(next) => change({ of: next })} />
        )}
      </div>
      <CheckField
        label="Compressed (gzip)"
        checked={gzip}
        onChange={(chosen) => onChange({ gzip: chosen })}
      />
    </>
  );
};
