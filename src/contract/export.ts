import { z } from 'zod';
import { Id, PageQuery, pageOf, Timestamp } from './common.ts';
import { describeIssue } from './describe-issue.ts';
import { InferenceFilter } from './inference.ts';
import { CompareQuery, DistributionQuery, TimeseriesQuery } from './study.ts';

/** What one answer of a download holds at most: a longer one to a slow reader would pile up in the host's memory. */
export const maxPieceBytes = 4 * 1024 * 1024;

export const ExportWhat = z
  .enum(['runs', 'attempts', 'results', 'comparison', 'timeseries', 'distribution'])
  .meta({
    id: 'ExportWhat',
    description:
      '`runs`: inferences. `attempts`: their calls. `results`: the settled items of one batch. The others are the figures of the study.',
  });
export type ExportWhat = z.infer<typeof ExportWhat>;

export const ExportFormat = z.enum(['csv', 'json', 'jsonl', 'openai']).meta({
  id: 'ExportFormat',
  description: "`openai`: lines of OpenAI's batch output files, of `results` only.",
});
export type ExportFormat = z.infer<typeof ExportFormat>;

/** Tables of figures, and what the study must be asked for them, besides the filter. */
export const studyTables = {
  comparison: CompareQuery,
  timeseries: TimeseriesQuery,
  distribution: DistributionQuery,
};
export type StudyTable = keyof typeof studyTables;
export const isStudyTable = (what: ExportWhat): what is StudyTable => Object.hasOwn(studyTables, what);

export const ExportOptions = z
  .strictObject({
    by: CompareQuery.shape.by,
    bucket: TimeseriesQuery.shape.bucket,
    measure: TimeseriesQuery.shape.measure,
    split: TimeseriesQuery.shape.split,
    of: DistributionQuery.shape.of,
    bins: z.number().int().min(2).max(200),
  })
  .partial()
  .meta({ id: 'ExportOptions', description: 'What the route of the study takes, for a table of figures.' });
export type ExportOptions = z.infer<typeof ExportOptions>;

const request = z.strictObject({
  what: ExportWhat,
  format: ExportFormat,
  gzip: z.boolean().optional(),
  filter: InferenceFilter.optional(),
  options: ExportOptions.optional(),
});
export type CreateExport = z.infer<typeof request>;

type Fault = [path: string[], message: string];
const ofResults: readonly string[] = ['batchId', 'outcome'];
const noOptions = z.strictObject({});

const filterFaults = ({ what, filter = {} }: CreateExport): Fault[] => {
  if (what !== 'results') return [];
  const strays = Object.keys(filter).filter((name) => !ofResults.includes(name));
  return [
    ...(filter.batchId === undefined
      ? [[['filter', 'batchId'], 'is missing: results are those of one batch'] satisfies Fault]
      : []),
    ...strays.map((name): Fault => [['filter', name], 'results are chosen by batchId and outcome only']),
  ];
};

/** The study says itself what it must be asked. */
const optionFaults = ({ what, filter, options = {} }: CreateExport): Fault[] => {
  const { error } = isStudyTable(what)
    ? studyTables[what].safeParse({ ...filter, ...options })
    : noOptions.safeParse(options);
  return (error?.issues ?? []).flatMap((issue): Fault[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => [['options', key], `${what} has no such option`])
      : [[['options', ...issue.path.map(String)], describeIssue(issue)]],
  );
};

export const CreateExport = request
  .superRefine((asked, context) => {
    const faults = [...filterFaults(asked), ...optionFaults(asked)];
    if (asked.format === 'openai' && asked.what !== 'results')
      faults.push([['format'], 'only results have the form of batch output files']);
    for (const [path, message] of faults) context.addIssue({ code: 'custom', path, message });
  })
  .meta({ id: 'CreateExport' });

export const Export = z
  .object({
    id: Id,
    what: ExportWhat,
    format: ExportFormat,
    gzip: z.boolean(),
    filter: InferenceFilter,
    options: ExportOptions,
    status: z.enum(['running', 'ready', 'failed']),
    /** Written so far. */
    rows: z.number().int(),
    /** Of the file so far. */
    bytes: z.number().int(),
    /** Of the whole file, in hexadecimal digits; null until it is ready. */
    sha256: z.string().nullable(),
    /** Why it failed. */
    error: z.string().nullable(),
    /** What was recorded later is not part of it. */
    createdAt: Timestamp,
    progressedAt: Timestamp,
    finishedAt: Timestamp.nullable(),
    /** The file is deleted then. */
    expiresAt: Timestamp,
  })
  .meta({ id: 'Export', description: 'A file made of what is recorded.' });
export type Export = z.infer<typeof Export>;

export const ExportPage = pageOf(Export).meta({ id: 'ExportPage' });
export type ExportPage = z.infer<typeof ExportPage>;

export const ListExportsQuery = z.strictObject(PageQuery);
