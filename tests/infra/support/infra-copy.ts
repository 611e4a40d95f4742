import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Bicep, findBicep, startBicep } from '../../../scripts/bicep-cli.ts';
import { repositoryRoot } from '../../support/import-graph.ts';
import { type Compiled, compileInfra } from './deployment.ts';

/** One text of one file that an edit replaces. The text must be there, exactly once. */
export type Edit = { file: string; from: string; to: string };

const secretSettings = ['SQ_ADMIN_KEY', 'SQ_OPENAI_KEY', 'LANGFUSE_PUBLIC_KEY', 'LANGFUSE_SECRET_KEY'];

/** As an operator sets it before deploying. */
const operatorEnvironment = {
  KEY_VAULT_SETTINGS: secretSettings.join(),
  ALERT_EMAIL: 'operator@example.org',
  ...Object.fromEntries(secretSettings.map((name) => [name, 'given-by-the-operator'])),
};

export const scenarios = ['main.dev', 'main.prod', 'everything', 'private'] as const;
export type Scenario = (typeof scenarios)[number];

/** @returns the Bicep CLI; null, with the reason printed, when it isn't installed. @throws {Error} then, in CI */
export const openBicep = (): Bicep | null => {
  const file = findBicep();
  if (file !== null) return startBicep(file, { ...process.env, ...operatorEnvironment });
  const reason = 'the Bicep CLI is not here; "npm run infra" gets it (dotnet and a network are needed, once)';
  if (process.env.CI) throw new Error(reason);
  process.stderr.write(`Tests of infra/ are skipped: ${reason}\n`);
  return null;
};

const applyEdit = (folder: string, { file, from, to }: Edit) => {
  const full = path.join(folder, file);
  const parts = readFileSync(full, 'utf8').split(from);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} × ${JSON.stringify(from)}`);
  writeFileSync(full, parts.join(to));
};

export type InfraCopy = {
  /** Compiles infra/ as it is but for the edits, and works out what some scenarios would deploy. One at a time. */
  compile(options?: { edits?: readonly Edit[]; chosen?: readonly Scenario[] }): Promise<Compiled>;
  close(): void;
};

/** A copy of infra/ with the scenarios beside it: the compiler keeps what hasn't changed from one edit to the next. */
export const openInfraCopy = (bicep: Bicep): InfraCopy => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sq-infra-'));
  const originals = ['infra', 'tests/infra/scenarios'].map((name) => path.join(repositoryRoot, name));
  for (const original of originals) cpSync(original, folder, { recursive: true });
  const files = globSync('**/*.{bicep,bicepparam,json}', { cwd: folder });
  return {
    compile: async ({ edits = [], chosen = scenarios } = {}) => {
      const before = new Map(edits.map(({ file }) => [file, readFileSync(path.join(folder, file))]));
      try {
        for (const edit of edits) applyEdit(folder, edit);
        return await compileInfra(bicep, folder, { files, scenarios: chosen });
      } finally {
        for (const [file, bytes] of before) writeFileSync(path.join(folder, file), bytes);
      }
    },
    close: () => {
      bicep.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
