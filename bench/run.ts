import { cpus, totalmem } from 'node:os';
import { readWords } from '../scripts/read-words.ts';
import { batch } from './batch-benchmark.ts';
import type { Benchmark } from './benchmark.ts';
import { coldStart } from './cold-start.ts';
import { exportRows } from './export-benchmark.ts';
import { inference } from './inference-benchmark.ts';
import { neighbours } from './neighbours-benchmark.ts';
import { search } from './search-benchmark.ts';
import { study } from './study-benchmark.ts';

const benchmarks: Record<string, Benchmark> = {
  'cold-start': coldStart,
  inference,
  batch,
  neighbours,
  export: exportRows,
  study,
  search,
};

const usage = () => {
  const lines = Object.entries(benchmarks).flatMap(([name, { about, options }]) => [
    `  ${name.padEnd(24)}${about}`,
    ...Object.entries(options).map(
      ([option, { about: what, default: usual }]) =>
        `    --${option.padEnd(20)}${what}${usual === '' ? '' : ` (default ${usual})`}`,
    ),
  ]);
  return `npm run -s bench -- NAME [options]\n\n${lines.join('\n')}\n\nThe last line printed is one JSON object.\n`;
};

/** Names of the figures outside the bounds that the product promises. */
const missedBounds = ({ bounds }: Benchmark, figures: Record<string, unknown>): string[] =>
  Object.entries(bounds)
    .filter(([name, bound]) => {
      const figure = figures[name];
      if (typeof figure !== 'number') return true;
      return 'atMost' in bound ? figure > bound.atMost : figure < bound.atLeast;
    })
    .map(([name]) => name);

const [name, ...words] = process.argv.slice(2);
const benchmark = name === undefined ? undefined : benchmarks[name];
if (benchmark === undefined && name !== '--help') {
  const fault = name === undefined ? 'which benchmark?' : `there is no benchmark ${name}`;
  process.stderr.write(`${fault}\n\n${usage()}`);
  process.exitCode = 2;
} else if (benchmark === undefined) {
  process.stdout.write(usage());
} else {
  const values = readWords({ name: `bench ${name}`, help: usage() }, benchmark.options, words);
  const startedAt = performance.now();
  const figures = await benchmark.run(values as Record<string, string>);
  const result = {
    benchmark: name,
    ...figures,
    missed: missedBounds(benchmark, figures),
    seconds: Math.round((performance.now() - startedAt) / 1000),
    machine: {
      cpu: cpus()[0]?.model ?? null,
      cores: cpus().length,
      memoryGb: Math.round(totalmem() / 1e9),
      node: process.version,
    },
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
