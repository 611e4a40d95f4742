import { z } from 'zod';
import { Id, PageQuery, pageOf, Timestamp } from './common.ts';
import { InferenceFilter } from './inference.ts';

/** What one answer of a download holds at most: a longer one to a slow reader would pile up in the host's memory. */
export const maxPieceBytes = 4 * 1024 * 1024;

export const ExportWhat = z.enum(['runs', 'attempts', 'results']).meta({
  id: 'ExportWhat',
  description: '`runs`: inferences. `attempts`: their calls. `results`: the settled items of one batch.',
});
export type ExportWhat = z.infer<typeof ExportWhat>;

export const ExportFormat = z.enum(['csv', 'json', 'jsonl']).meta({ id: 'ExportFormat' });
export type ExportFormat = z.infer<typeof ExportFormat>;

const ofResults: readonly string[] = ['batchId', 'outcome'];

export const CreateExport = z
  .strictObject({
    what: ExportWhat,
    format: ExportFormat,
    gzip: z.boolean().optional(),
    filter: InferenceFilter.optional(),
  })
  .superRefine(({ what, filter = {} }, context) => {
    if (what !== 'results') return;
    if (filter.batchId === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['filter', 'batchId'],
        message: 'is missing: results are those of one batch',
      });
    }
    for (const name of Object.keys(filter).filter((key) => !ofResults.includes(key))) {
      context.addIssue({
        code: 'custom',
        path: ['filter', name],
        message: 'results are chosen by batchId and outcome only',
      });
    }
  })
  .meta({ id: 'CreateExport' });
export type CreateExport = z.infer<typeof CreateExport>;

export const Export = z
  .object({
    id: Id,
    what: ExportWhat,
    format: ExportFormat,
    gzip: z.boolean(),
    filter: InferenceFilter,
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
