import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeSettings } from '../src/config/describe-settings.ts';
import { allowedAttributes } from '../src/telemetry/allowed-attributes.ts';
import { metrics } from '../src/telemetry/metrics.ts';
import { infraParameters } from './infra-parameters.ts';
import { readWords } from './read-words.ts';

const help = `Writes the parts of the documentation that are made from the code again.

Usage: npm run docs -- [--check]

  --check  only compares; ends with 1 when a part is out of date
  --help   this text`;

const root = path.resolve(import.meta.dirname, '..');

/** A part of a page that is made from the code. It stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->`. */
export type GeneratedPart = { file: string; name: string; render(): string };

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** A Markdown table; pipes and line breaks in cells are escaped. */
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows.map((row) => row.map(cell))]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

const settingsTable = () =>
  table(
    ['setting', 'default', 'meaning'],
    describeSettings().map(({ name, about, reason, secret, required, defaultValue }) => [
      `\`${name}\`${secret ? ' (secret)' : ''}`,
      required ? '**required**' : defaultValue === null ? '' : `\`${defaultValue}\``,
      reason === null ? about : `${about} ${reason}`,
    ]),
  );

const scriptMeanings: Record<string, string> = {
  start: 'builds, then starts database, migrations and host on this machine',
  demo: 'shows the main job end to end on free ports, and leaves nothing running',
  batch: 'a file of questions as one durable batch on a running host (`npm run batch -- --help`)',
  export: 'what is recorded as a CSV or JSON file (`npm run export -- --help`)',
  test: 'builds, then runs all tests on the embedded database (`npm test -- tests/db` for a part)',
  'test:long':
    'tests that take minutes because they have to: paces held over time, crashes and their recovery',
  build: 'bundles the app and the dashboard into `dist/` and prints what is loaded at start',
  deploy: 'provisions and publishes to Azure, step by step; `-- --dry-run` needs no Azure',
  package: 'lays out what is published in `.package/app`, and the source maps beside it',
  lint: 'Biome and knip',
  format: 'Biome, rewriting files',
  types: 'TypeScript, checking only',
  chaos:
    'kills of host and database, a misbehaving provider, random budgets and limits against the built app (`npm run chaos -- --help`)',
  bench: 'a benchmark by name (`npm run -s bench -- --help`); one JSON object last',
  migrate: 'brings the database named by `DATABASE_URL` to the newest schema',
  infra:
    'compiles and lints `infra/` with the Bicep CLI, and works out what its parameter files would deploy',
  docs: 'regenerates the tables in the documentation; `-- --check` only compares',
};

/** @throws when a script has no meaning stated here, or a meaning no script. */
const scriptsTable = () => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const names = new Set([...Object.keys(scripts), ...Object.keys(scriptMeanings)]);
  const rows = [...names].map((name) => {
    const meaning = scriptMeanings[name];
    if (meaning === undefined || scripts[name] === undefined) {
      throw new Error(`npm script ${name}: package.json and scripts/docs.ts must both have it`);
    }
    const run = name === 'test' || name === 'start' ? `npm ${name}` : `npm run ${name}`;
    return [`\`${run}\``, meaning];
  });
  return table(['command', 'what it does'], rows);
};

const infraTable = () =>
  table(
    ['parameter', 'default', 'meaning'],
    infraParameters().map(({ name, defaultValue, about, limits, secure }) => [
      `\`${name}\`${secure ? ' (secure)' : ''}`,
      defaultValue === null ? '**required**' : defaultValue === "''" ? '' : `\`${defaultValue}\``,
      limits === null ? about : `${about} (${limits})`,
    ]),
  );

const code = (names: Iterable<string>) => [...names].map((name) => `\`${name}\``).join(', ');

const metricsTable = () =>
  table(
    ['metric', 'kind', 'unit', 'meaning', 'labels'],
    Object.entries(metrics).map(([name, { kind, unit, about, labels }]) => [
      code([name]),
      kind,
      code([unit]),
      about,
      code(labels),
    ]),
  );

export const generatedParts: readonly GeneratedPart[] = [
  { file: 'docs/configuration.md', name: 'settings', render: settingsTable },
  { file: 'CONTRIBUTING.md', name: 'scripts', render: scriptsTable },
  { file: 'docs/observability.md', name: 'metrics', render: metricsTable },
  { file: 'docs/observability.md', name: 'attributes', render: () => code(allowedAttributes) },
  { file: 'docs/deployment.md', name: 'parameters', render: infraTable },
];

/** @returns the page with the part in its place. @throws when the page lacks the markers. */
export const replacePart = (page: string, name: string, content: string): string => {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the markers ${begin} and ${end} are missing`);
  return `${page.slice(0, from + begin.length)}\n${content}\n${page.slice(to)}`;
};

/** @returns the files whose generated parts differ from the code; writes them anew unless `checkOnly`. */
export const updateDocs = (checkOnly: boolean): string[] => {
  const stale = new Set<string>();
  for (const { file, name, render } of generatedParts) {
    const full = path.join(root, file);
    const page = readFileSync(full, 'utf8');
    const fresh = replacePart(page, name, render());
    if (fresh === page) continue;
    stale.add(file);
    if (!checkOnly) writeFileSync(full, fresh);
  }
  return [...stale];
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { check: checkOnly } = readWords(
    { name: 'docs', help },
    { check: { type: 'boolean', default: false } },
  );
  const stale = updateDocs(checkOnly);
  for (const file of stale) process.stdout.write(`${checkOnly ? 'out of date' : 'rewritten'}: ${file}\n`);
  if (checkOnly && stale.length > 0) {
    process.stdout.write('run: npm run docs\n');
    process.exitCode = 1;
  }
}
