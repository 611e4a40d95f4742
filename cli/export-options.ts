import { parseArgs } from 'node:util';
import type { z } from 'zod';
import { Id } from '../src/contract/common.ts';
import { describeIssue } from '../src/contract/describe-issue.ts';
import { CreateExport } from '../src/contract/export.ts';
import { UsageError } from './usage-error.ts';

export type ExportOptions = { url: string | undefined } & (
  | { command: 'help' }
  | { command: 'make'; request: CreateExport; out: string }
  | { command: 'fetch'; id: string; out: string }
);

export const exportHelp = `Writes what is recorded into a file.

Usage: npm run export -- --what TABLE --format csv|json|jsonl|openai --out FILE [filters]
       npm run export -- --id EXPORT_ID --out FILE

--what runs           inferences
--what attempts       their calls to providers
--what results        the settled items of one batch, which --batch names; also in the format openai
--what comparison     figures of the study, --by provider, model, servedModel or batch
--what timeseries     a --measure by the --bucket (hour, day, week), with --split if wanted
--what distribution   a quantity's (--of), in --bins

--gzip            compresses the file
--id ID           takes the file of an export that was begun before

Filters of all but results: --provider, --model, --outcome, --status, --batch, --from TIME, --to TIME, --text WORDS,
--metadata KEY:VALUE. Of results: --batch and --outcome.

--url URL         the host; default: SQ_URL, then the one that npm start runs. The key is SQ_KEY;
                  it needs the scope study:read
--help            this text

FILE is replaced once the new one is whole and its SHA-256 is right.
Exit codes: 0 written, 1 the export failed, 2 wrong options, refused, or no host, 130 left before the end.`;

const text = { type: 'string' } as const;
const options = {
  what: text,
  format: text,
  out: text,
  gzip: { type: 'boolean' },
  id: text,
  provider: text,
  model: text,
  outcome: text,
  status: text,
  batch: text,
  from: text,
  to: text,
  text,
  metadata: text,
  by: text,
  bucket: text,
  measure: text,
  split: text,
  of: text,
  bins: text,
  url: text,
  help: { type: 'boolean', short: 'h' },
} as const;

const readWords = (args: string[]) => {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw UsageError.of(error);
  }
};

const optionOf = (issue: z.core.$ZodIssue): string => {
  const last = String(issue.path.at(-1) ?? '');
  const option = last === 'batchId' ? 'batch' : last;
  const message = describeIssue(issue);
  return option in options ? `--${option}: ${message}` : message;
};

const given = (values: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

/** @throws {UsageError} */
export function parseExportOptions(words: string[]): ExportOptions {
  const { help, url, out, id, what, format = 'csv', gzip, batch, ...rest } = readWords(words);
  const { by, bucket, measure, split, of, bins, ...filter } = rest;
  if (help) return { command: 'help', url };
  if (out === undefined) throw new UsageError('--out FILE is missing (--help says more)');
  if (id !== undefined) {
    if (!Id.safeParse(id).success) throw new UsageError(`"${id}" is no id of an export`);
    const stray = words.find((word) => /^--(?!(id|out|url)(=|$))/.test(word));
    if (stray !== undefined) throw new UsageError(`${stray} has no place beside --id`);
    return { command: 'fetch', id, out, url };
  }
  if (what === undefined) throw new UsageError('--what is missing: a table, such as runs');
  const asked = given({ by, bucket, measure, split, of, bins: bins === undefined ? bins : Number(bins) });
  const request = CreateExport.safeParse({
    what,
    format,
    ...(gzip && { gzip }),
    filter: { ...filter, ...(batch !== undefined && { batchId: batch }) },
    ...(Object.keys(asked).length > 0 && { options: asked }),
  });
  if (!request.success) throw new UsageError(request.error.issues.map(optionOf).join('; '));
  return { command: 'make', request: request.data, out, url };
}
