import { globSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Bicep, type Diagnostic, installBicep, startBicep } from './bicep-cli.ts';

const infra = path.resolve(import.meta.dirname, '../infra');
const usage = `usage: node scripts/bicep.ts [build FOLDER | lint | params]
  build FOLDER  compiles infra/main.bicep to FOLDER/main.json
  lint          compiles and lints every .bicep file; a warning is an error
  params        compiles every .bicepparam file and works out what it would deploy
  without a word: lint and params
`;

const say = (line: string) => process.stdout.write(`${line}\n`);

const show = ({ source, range, level, code, message }: Diagnostic) =>
  say(`${path.relative(process.cwd(), source)}:${range.start.line + 1} ${level} ${code}: ${message}`);

/** Prints each diagnostic once: a module is compiled with everything that uses it. @returns how many there were. */
const report = (diagnostics: readonly Diagnostic[]): number => {
  const once = new Map(diagnostics.map((diagnostic) => [JSON.stringify(diagnostic), diagnostic]));
  for (const diagnostic of once.values()) show(diagnostic);
  return once.size;
};

const lint = async (bicep: Bicep): Promise<boolean> => {
  const files = globSync('**/*.bicep', { cwd: infra }).sort();
  const compiled = await Promise.all(files.map((file) => bicep.compile(path.join(infra, file))));
  const faults = report(compiled.flatMap(({ diagnostics }) => diagnostics));
  say(`${files.length} Bicep files, ${faults} warnings and errors`);
  return faults === 0;
};

const params = async (bicep: Bicep): Promise<boolean> => {
  let good = true;
  for (const name of globSync('*.bicepparam', { cwd: infra }).sort()) {
    const file = path.join(infra, name);
    const { success, diagnostics } = await bicep.compileParams(file);
    const faults = report(diagnostics);
    if (!success || faults > 0) {
      good = false;
      continue;
    }
    const { predictedResources, outputs, diagnostics: doubts } = await bicep.snapshot(file);
    for (const doubt of doubts) say(`${name}: ${doubt}`);
    good &&= doubts.length === 0;
    say(
      `${name}: ${predictedResources.length} resources, at most ${outputs.DATABASE_CONNECTIONS_AT_MOST} connections`,
    );
  }
  return good;
};

const build = async (bicep: Bicep, folder: string): Promise<boolean> => {
  const { contents, diagnostics } = await bicep.compile(path.join(infra, 'main.bicep'));
  const faults = report(diagnostics);
  if (contents === null) return false;
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'main.json'), contents);
  say(path.join(folder, 'main.json'));
  return faults === 0;
};

const work = (words: readonly string[]): ((bicep: Bicep) => Promise<boolean>) | null => {
  const [command, folder] = words;
  if (command === undefined) return async (bicep) => (await lint(bicep)) && params(bicep);
  if (command === 'lint') return lint;
  if (command === 'params') return params;
  return command === 'build' && folder !== undefined ? (bicep) => build(bicep, folder) : null;
};

const words = process.argv.slice(2);
const chosen = work(words);
if (words.includes('--help')) {
  process.stdout.write(usage);
} else if (chosen === null) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  try {
    const bicep = startBicep(await installBicep());
    try {
      process.exitCode = (await chosen(bicep)) ? 0 : 1;
    } finally {
      bicep.close();
    }
  } catch (error) {
    process.stderr.write(`bicep: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
