import { parseArgs } from 'node:util';
import { z } from 'zod';
import { BatchDefinition } from '../src/contract/batch.ts';
import { Id } from '../src/contract/common.ts';
import { describeIssue } from '../src/contract/describe-issue.ts';
import type { NewBatch, ResultFormat } from './batch-client.ts';
import { UsageError } from './usage-error.ts';

export const batchActions = ['pause', 'resume', 'cancel', 'retry-failed'] as const;
export type BatchAction = (typeof batchActions)[number];

/** Where the answers go; null: nowhere but the table. */
export type ResultsTarget = { file: string; format: ResultFormat } | null;

export type BatchOptions = { url: string | undefined } & (
  | { command: 'help' }
  | {
      command: 'run';
      file: string;
      definition: Omit<NewBatch, 'items' | 'uploadId'>;
      estimateOnly: boolean;
      ask: boolean;
      results: ResultsTarget;
    }
  | { command: 'attach'; id: string; results: ResultsTarget }
  | { command: 'act'; action: BatchAction; id: string }
);

const options = {
  provider: { type: 'string', multiple: true },
  model: { type: 'string', multiple: true },
  repeat: { type: 'string' },
  concurrency: { type: 'string' },
  'max-cost': { type: 'string' },
  'max-tokens': { type: 'string' },
  'share-identical': { type: 'boolean' },
  'max-output-tokens': { type: 'string' },
  temperature: { type: 'string' },
  name: { type: 'string' },
  'on-unknown': { type: 'string' },
  results: { type: 'string' },
  format: { type: 'string' },
  estimate: { type: 'boolean' },
  yes: { type: 'boolean', short: 'y' },
  attach: { type: 'string' },
  pause: { type: 'string' },
  resume: { type: 'string' },
  cancel: { type: 'string' },
  'retry-failed': { type: 'string' },
  url: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const ofAttach = ['results', 'format'];

type Values = ReturnType<typeof readWords>['values'];

/** @throws {UsageError} */
export function parseBatchOptions(words: string[]): BatchOptions {
  const { values, positionals } = readWords(words);
  const url = values.url;
  if (values.help) return { command: 'help', url };
  const idOptions = (['attach', ...batchActions] as const).flatMap((name) => {
    const id = values[name];
    return id === undefined ? [] : [{ name, id }];
  });
  const [chosen, another] = idOptions;
  if (chosen !== undefined) {
    if (another !== undefined)
      throw new UsageError(`--${chosen.name} and --${another.name} exclude each other`);
    const stray = Object.keys(values).find(
      (name) => ![chosen.name, 'url', ...(chosen.name === 'attach' ? ofAttach : [])].includes(name),
    );
    if (stray !== undefined) throw new UsageError(`--${stray} has no place beside --${chosen.name}`);
    if (positionals.length > 0) throw new UsageError(`--${chosen.name} takes the id of a batch and no file`);
    if (!Id.safeParse(chosen.id).success) throw new UsageError(`"${chosen.id}" is no id of a batch`);
    return chosen.name === 'attach'
      ? { command: 'attach', id: chosen.id, results: readResults(values), url }
      : { command: 'act', action: chosen.name, id: chosen.id, url };
  }
  const [file, ...more] = positionals;
  if (file === undefined) throw new UsageError('which file of questions? (--help says more)');
  if (more.length > 0) throw new UsageError(`one file at a time, not also "${more[0]}"`);
  return {
    command: 'run',
    file,
    definition: readDefinition(values),
    estimateOnly: values.estimate === true,
    ask: values.yes !== true,
    results: readResults(values),
    url,
  };
}

function readWords(args: string[]) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw UsageError.of(error);
  }
}

function readResults({ results, format = 'native' }: Values): ResultsTarget {
  if (results === undefined && format !== 'native') throw new UsageError('--format needs --results FILE');
  if (format !== 'native' && format !== 'openai') {
    throw new UsageError(`--format is native or openai, not "${format}"`);
  }
  return results === undefined ? null : { file: results, format };
}

const flagOf: Record<string, string> = {
  name: '--name',
  provider: '--provider',
  model: '--model',
  repetitions: '--repeat',
  concurrency: '--concurrency',
  maxCostUsd: '--max-cost',
  maxTokens: '--max-tokens',
  onUnknown: '--on-unknown',
  maxOutputTokens: '--max-output-tokens',
  temperature: '--temperature',
};

function readDefinition(values: Values): Omit<NewBatch, 'items' | 'uploadId'> {
  const definition = withoutUndefined({
    name: values.name,
    targets: pairTargets(values),
    repetitions: readNumber(values, 'repeat'),
    shareIdentical: values['share-identical'],
    concurrency: readNumber(values, 'concurrency'),
    maxCostUsd: values['max-cost'],
    maxTokens: readNumber(values, 'max-tokens'),
    onUnknown: values['on-unknown'],
  });
  const checked = BatchDefinition.safeParse(definition);
  if (checked.success) return checked.data;
  // The bounds are the API's own, so that nothing is sent in vain.
  const [issue] = checked.error.issues;
  const flag = issue?.path.flatMap((part) => flagOf[String(part)] ?? []).at(-1);
  throw new UsageError(
    `${flag ?? z.prettifyError(checked.error)}: ${issue ? describeIssue(issue) : 'is wrong'}`,
  );
}

/** The n-th provider with the n-th model; a single provider with every model; no model where the file names it. */
function pairTargets(values: Values) {
  const { provider: providers = [], model: models = [] } = values;
  const [first] = providers;
  if (first === undefined) throw new UsageError('which provider? --provider NAME --model NAME');
  const parameters = withoutUndefined({
    maxOutputTokens: readNumber(values, 'max-output-tokens'),
    temperature: readNumber(values, 'temperature'),
  });
  const more = Object.keys(parameters).length === 0 ? {} : { parameters };
  if (models.length === 0) return providers.map((provider) => ({ provider, ...more }));
  if (providers.length === 1) return models.map((model) => ({ provider: first, model, ...more }));
  if (providers.length !== models.length) {
    throw new UsageError(
      `${providers.length} providers and ${models.length} models: give each --provider its --model`,
    );
  }
  return providers.map((provider, index) => ({ provider, model: models[index], ...more }));
}

function readNumber(values: Values, name: Extract<keyof typeof options, string>): number | undefined {
  const text = values[name];
  if (typeof text !== 'string') return undefined;
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new UsageError(`--${name} wants a number, not "${text}"`);
  return Number(text);
}

const withoutUndefined = <Given extends object>(given: Given) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
