import path from 'node:path';
import type { SourceFile } from './import-graph.ts';

/** Gives one sentence for each place where a rule is broken. */
type Rule = (sources: readonly SourceFile[]) => string[];

type Arrows = { values: readonly string[]; types?: readonly string[] };

/**
 * What a layer may import of ours, besides itself. `types`: only with `import type`. A layer is a folder of src/, a file
 * of src/ without its ending, or a folder at the top.
 */
const arrows: Record<string, Arrows> = {
  main: { values: ['config', 'services.ts', 'wire-telemetry', 'http', 'functions', 'identity', 'telemetry'] },
  'wire-telemetry': { values: ['services', 'telemetry'], types: ['config', 'identity'] },
  migrate: { values: ['config', 'db', 'errors', 'identity', 'telemetry'] },
  'check-config': { values: ['config'] },
  'services.ts': {
    values: [
      'config',
      'errors',
      'services',
      'providers',
      'evaluators',
      'db',
      'artifacts',
      'identity',
      'telemetry',
    ],
  },
  functions: { values: ['contract', 'errors'], types: ['services', 'http', 'telemetry'] },
  http: { values: ['contract', 'errors'], types: ['services', 'telemetry'] },
  services: {
    values: ['contract', 'errors', 'statistics', 'evaluators'],
    types: ['providers', 'db', 'artifacts', 'identity', 'telemetry'],
  },
  providers: { values: ['errors'] },
  db: { values: ['contract', 'errors'], types: ['telemetry'] },
  artifacts: { values: ['errors'] },
  identity: { values: ['config', 'errors'], types: ['telemetry'] },
  evaluators: { values: ['contract', 'errors'] },
  contract: { values: [] },
  errors: { values: [] },
  config: { values: [] },
  telemetry: { values: [] },
  statistics: { values: [] },
  cli: { values: ['contract'] },
  web: { values: ['contract'] },
  local: { values: [] },
};

const inFolder = (file: string, ...folders: string[]) =>
  folders.some((folder) => file.startsWith(`${folder}/`));

const layerOf = (file: string): string => {
  const [top = '', second = '', third] = file.split('/');
  if (top !== 'src') return top;
  if (third !== undefined) return second;
  return second === 'services.ts' ? second : second.replace(/\.ts$/, '');
};

const importsOfOurs = ({ file, imports }: SourceFile) =>
  imports
    .filter(({ specifier }) => specifier.startsWith('.') && /\.tsx?$/.test(specifier))
    .map((each) => ({ ...each, target: path.posix.join(path.posix.dirname(file), each.specifier) }));

const arrowsPointDown: Rule = (sources) =>
  sources.flatMap((source) => {
    const from = layerOf(source.file);
    const allowed = arrows[from];
    if (!allowed)
      return source.file.startsWith('src/') ? [`${source.file}: the layer ${from} has no arrows`] : [];
    return importsOfOurs(source).flatMap(({ target, typeOnly }) => {
      const to = layerOf(target);
      if (to === from || allowed.values.includes(to)) return [];
      if (!allowed.types?.includes(to))
        return [`${source.file} imports ${target}: ${from} may not know ${to}`];
      return typeOnly ? [] : [`${source.file} imports ${target}: ${from} may know types of ${to} only`];
    });
  });

/** A folder of a layer; null for what lies in the layer itself, which serves all of its rooms. */
const roomOf = (file: string): string | null => {
  const parts = file.split('/');
  return parts[0] === 'src' && parts.length > 3 ? parts.slice(0, 3).join('/') : null;
};

/** Along arrows from room to room of one layer nobody comes back to where he was. Types may look both ways. */
const roomsHaveNoCircles: Rule = (sources) => {
  const arrowsOf = new Map<string, Set<string>>();
  for (const source of sources) {
    const from = roomOf(source.file);
    if (from === null) continue;
    for (const { target, typeOnly } of importsOfOurs(source)) {
      const to = roomOf(target);
      if (to === null || to === from || typeOnly || layerOf(target) !== layerOf(source.file)) continue;
      arrowsOf.set(from, (arrowsOf.get(from) ?? new Set()).add(to));
    }
  }
  const reachable = (from: string, seen = new Set<string>()): Set<string> => {
    for (const to of arrowsOf.get(from) ?? []) if (!seen.has(to)) reachable(to, seen.add(to));
    return seen;
  };
  return [...arrowsOf.keys()]
    .filter((room) => reachable(room).has(room))
    .map((room) => `${room} imports, over others, itself`);
};

const packagesIn =
  (names: RegExp, allowed: (file: string) => boolean): Rule =>
  (sources) =>
    sources
      .filter(({ file }) => file.startsWith('src/') && !allowed(file))
      .flatMap(({ file, imports }) =>
        imports
          .filter(({ specifier }) => names.test(specifier))
          .map(({ specifier }) => `${file} imports ${specifier}`),
      );

const azureStaysInFunctions = packagesIn(
  /^(@azure\/functions(-|\/|$)|durable-functions)/,
  (file) => inFolder(file, 'src/functions') || file === 'src/main.ts',
);

/** What only some configurations need, and takes long to load. */
const lazyPackages = /^(@azure\/(identity|keyvault-secrets|storage-blob)|jose|openai|gpt-tokenizer)(\/|$)/;

const topImport = /^(?:import\s|(?:import|export)\s(?!type\s)[^;'"=]*?\sfrom\s)\s*['"]([^'"]+)['"]/gm;

/** Imports at the top of a file run when the file is loaded: in the end, at start. */
const heavyPackagesAreLazy: Rule = (sources) =>
  sources
    .filter(({ file }) => inFolder(file, 'src'))
    .flatMap(({ file, text }) =>
      [...text.matchAll(topImport)]
        .map(([, specifier = '']) => specifier)
        .filter((specifier) => lazyPackages.test(specifier))
        .map((specifier) => `${file} imports ${specifier} at its top: use await import()`),
    );

const databaseClientsStayInDb = packagesIn(
  /^(slonik|@slonik\/.*|pg|pg-.*|node-pg-migrate)(\/|$)/,
  (file) => inFolder(file, 'src/db') || file === 'src/migrate.ts',
);

const contractImportsZodOnly: Rule = (sources) =>
  sources
    .filter(({ file }) => inFolder(file, 'src/contract'))
    .flatMap(({ file, imports }) =>
      imports
        .filter(({ specifier }) => !specifier.startsWith('.') && specifier !== 'zod')
        .map(({ specifier }) => `${file} imports ${specifier}`),
    );

const sqlStaysInDb: Rule = (sources) =>
  sources
    .filter(({ file }) => inFolder(file, 'src', 'local', 'cli', 'web') && !inFolder(file, 'src/db'))
    // The embedded database is the server's side of SQL; the durable engine keeps its own state in SQLite.
    .filter(({ file }) => !inFolder(file, 'local/database', 'local/durable'))
    .flatMap(({ file, sql }) => sql.map((start) => `${file} holds SQL: ${start}`));

const environmentStaysInConfig: Rule = (sources) =>
  sources
    .filter(({ file }) => inFolder(file, 'src') && !inFolder(file, 'src/config'))
    .filter(({ readsEnvironment }) => readsEnvironment)
    .map(({ file }) => `${file} reads process.env`);

const noDefaultExports: Rule = (sources) =>
  sources
    .filter(({ file, hasDefaultExport }) => inFolder(file, 'src') && hasDefaultExport)
    .map(({ file }) => `${file} has a default export`);

const baseNamesAreUnique: Rule = (sources) => {
  const byName = Map.groupBy(sources, ({ file }) => path.posix.basename(file));
  return [...byName.values()]
    .filter((same) => same.length > 1)
    .map((same) => `same base name: ${same.map(({ file }) => file).join(', ')}`);
};

const maximumLines = 250;
/** A comment in the first five lines that says why the file is long. */
const statedReason = /(\/\/|\*).*\b(long|lines)\b/i;

const longFilesStateTheirReason: Rule = (sources) =>
  sources
    .filter(({ lines }) => lines > maximumLines)
    .filter(
      ({ text }) =>
        !text
          .split('\n')
          .slice(0, 5)
          .some((line) => statedReason.test(line)),
    )
    .map(({ file, lines }) => `${file} has ${lines} lines and states no reason in its first five`);

const kebab = (name: string) =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .toLowerCase();

/** Holds what several nouns share, so no export names it. */
const namedAfterNoExport = ['common'];

/** Whether name and export share a word: `run-queries` and `insertRuns`, `openai` and `createOpenAiProvider`. */
const sharesAWord = (file: string, exported: string) => {
  const singular = (word: string) => word.replace(/s$/, '');
  const words = kebab(exported).split('-').map(singular);
  return file.split('-').some((word) => words.includes(singular(word)) || words.join('').includes(file));
};

const filesAreNamedAfterAnExport: Rule = (sources) =>
  sources.flatMap(({ file, exports }) => {
    const name = path.posix.basename(file).replace(/(\.test|\.d)?\.m?tsx?$/, '');
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return [`${file}: the name isn't kebab-case`];
    if (!inFolder(file, 'src') || exports.length === 0 || namedAfterNoExport.includes(name)) return [];
    if (exports.some((exported) => sharesAWord(name, exported))) return [];
    return [`${file} is named after none of its exports (${exports.join(', ')})`];
  });

/** Orchestrators run again from their start with each event, and must come to the same every time. */
const orchestratorsRepeatThemselves: Rule = (sources) =>
  sources
    .filter(({ file }) => inFolder(file, 'src') && file.endsWith('-orchestrators.ts'))
    .flatMap(({ file, imports, unrepeatable }) => [
      ...imports
        .filter(({ specifier, typeOnly }) => specifier !== 'durable-functions' && !typeOnly)
        .map(({ specifier }) => `${file} imports ${specifier}: orchestrators know durable-functions only`),
      ...unrepeatable.map((name) => `${file} uses ${name}, which is different at each replay`),
    ]);

/** The house rules that a program can check. Each has samples that break it in tests/architecture.test.ts. */
export const architectureRules = {
  arrowsPointDown,
  roomsHaveNoCircles,
  azureStaysInFunctions,
  heavyPackagesAreLazy,
  databaseClientsStayInDb,
  contractImportsZodOnly,
  sqlStaysInDb,
  environmentStaysInConfig,
  noDefaultExports,
  baseNamesAreUnique,
  longFilesStateTheirReason,
  filesAreNamedAfterAnExport,
  orchestratorsRepeatThemselves,
};
