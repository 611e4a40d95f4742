import { describe, expect, it } from '@jest/globals';
import { architectureRules as rules } from './support/architecture-rules.ts';
import { readSource, readSources } from './support/import-graph.ts';

const sources = readSources(['src', 'local', 'cli', 'web', 'scripts', 'bench', 'tests']);

/** Each rule with files that break it and files that only look so. */
const cases: Record<keyof typeof rules, { bad: Record<string, string>[]; good: Record<string, string>[] }> = {
  arrowsPointDown: {
    bad: [
      { 'src/services/a.ts': "import { b } from '../http/b.ts';" },
      { 'src/services/a.ts': "import { type B, b } from '../db/b.ts';" },
      { 'src/services/a.ts': "export { b } from '../db/b.ts';" },
      { 'src/http/a.ts': "const b = await import('../db/b.ts');" },
      { 'src/http/a.ts': "import { createServices } from '../services.ts';" },
      { 'src/contract/a.ts': "import type { Run } from '../db/run.ts';" },
      { 'src/contract/a.ts': "type Run = import('../db/run.ts').Run;" },
      { 'src/functions/a.ts': "import { Config } from '../config/config.ts';" },
      { 'local/a.ts': "import { b } from '../src/errors.ts';" },
      { 'cli/a.ts': "import type { B } from '../src/db/b.ts';" },
      { 'web/a.tsx': "import { errors } from '../src/errors.ts';" },
      { 'web/pages/a.tsx': "import type { B } from '../../src/services/b.ts';" },
      { 'src/db/a.ts': "import { b } from '../../local/b.ts';" },
      { 'src/novelty/a.ts': '' },
    ],
    good: [
      { 'src/services/a.ts': "import type { B } from '../db/b.ts';" },
      {
        'src/services/a.ts': "import { type B, type C } from '../db/b.ts'; import { E } from '../errors.ts';",
      },
      { 'src/services/a.ts': "import { c } from './c.ts'; import z from 'zod';" },
      { 'src/services.ts': "import { b } from './db/b.ts';" },
      { 'cli/a.ts': "import { B } from '../src/contract/b.ts';" },
      {
        'web/pages/a.tsx': "import { B } from '../../src/contract/b.ts'; export const A = () => <B.Part />;",
      },
      { 'tests/a.test.ts': "import { b } from '../src/db/b.ts';" },
    ],
  },
  roomsHaveNoCircles: {
    bad: [
      {
        'src/db/one/a.ts': "import { b } from '../two/b.ts';",
        'src/db/two/b.ts': "import { c } from '../three/c.ts';",
        'src/db/three/c.ts': "import { a } from '../one/a.ts';",
      },
    ],
    good: [
      {
        'src/db/one/a.ts': "import { b } from '../two/b.ts'; import { d } from '../d.ts';",
        'src/db/two/b.ts': "import type { A } from '../one/a.ts'; import { d } from '../d.ts';",
        'src/db/d.ts': '',
      },
    ],
  },
  azureStaysInFunctions: {
    bad: [
      { 'src/http/a.ts': "import type { HttpRequest } from '@azure/functions';" },
      {
        'src/services/a.ts':
          "const core = createRequire(import.meta.url)('x'); require('@azure/functions-core');",
      },
      { 'src/services.ts': "import * as df from 'durable-functions';" },
    ],
    good: [
      { 'src/functions/a.ts': "import { app } from '@azure/functions';" },
      { 'src/main.ts': "import { app } from '@azure/functions';" },
      { 'src/http/a.ts': '// not @azure/functions' },
    ],
  },
  heavyPackagesAreLazy: {
    bad: [
      { 'src/identity/a.ts': "import { SecretClient } from '@azure/keyvault-secrets';" },
      { 'src/identity/a.ts': "import {\n  jwtVerify,\n} from 'jose';" },
      { 'src/providers/a.ts': "import 'openai';" },
      { 'src/artifacts/a.ts': "export * from '@azure/storage-blob';" },
    ],
    good: [
      { 'src/identity/a.ts': "import type { SecretClient } from '@azure/keyvault-secrets';" },
      { 'src/identity/a.ts': "const { jwtVerify } = await import('jose');" },
      { 'tests/a.test.ts': "import { jwtVerify } from 'jose';" },
    ],
  },
  databaseClientsStayInDb: {
    bad: [{ 'src/services/a.ts': "import { sql } from 'slonik';" }, { 'src/http/a.ts': "import('pg')" }],
    good: [
      { 'src/db/a.ts': "import { sql } from 'slonik';" },
      { 'src/http/a.ts': "import { page } from './pg-a.ts';" },
    ],
  },
  contractImportsZodOnly: {
    bad: [{ 'src/contract/a.ts': "import { readFileSync } from 'node:fs';" }],
    good: [{ 'src/contract/a.ts': "import { z } from 'zod';" }],
  },
  sqlStaysInDb: {
    bad: [
      { 'src/services/a.ts': "const q = 'select id from inference_runs where id = $1';" },
      { 'src/http/a.ts': 'const q = sql`\n  -- why\n  SELECT a\n  FROM b`;' },
      { 'src/services.ts': `const q = "delete from api_keys";` },
      { 'cli/a.ts': 'const q = `update inference_runs set outcome = $' + '{outcome}`;' },
    ],
    good: [
      { 'src/db/a.ts': "const q = 'select id from inference_runs';" },
      { 'src/services/a.ts': "const message = 'Select a model from the list'.slice(1);" },
      { 'src/services/a.ts': '// select id from inference_runs' },
    ],
  },
  environmentStaysInConfig: {
    bad: [
      { 'src/db/a.ts': 'const url = process.env.DATABASE_URL;' },
      { 'src/db/a.ts': "const url = process['env'];" },
      { 'src/db/a.ts': 'const { env: mine } = process;' },
      { 'src/db/a.ts': "import { env } from 'node:process';" },
      { 'src/main.ts': 'start(process.env);' },
    ],
    good: [
      { 'src/config/a.ts': 'const url = process.env.DATABASE_URL;' },
      { 'src/db/a.ts': 'const pid = process.pid; const x = settings.env;' },
      { 'scripts/a.ts': 'const url = process.env.HOME;' },
    ],
  },
  noDefaultExports: {
    bad: [
      { 'src/db/a.ts': 'export default 1;' },
      { 'src/db/a.ts': 'export default class A {}' },
      { 'src/db/a.ts': 'const a = 1; export { a as default };' },
    ],
    good: [{ 'src/db/a.ts': 'export const a = { default: 1 };' }],
  },
  baseNamesAreUnique: {
    bad: [{ 'src/db/a.ts': '', 'local/a.ts': '' }],
    good: [{ 'src/db/a.ts': '', 'tests/db/a.test.ts': '' }],
  },
  longFilesStateTheirReason: {
    bad: [
      { 'src/db/a.ts': 'a();\n'.repeat(251) },
      { 'src/db/a.ts': `${'a();\n'.repeat(251)}// Long for a reason that stands too late.\n` },
      { 'src/db/a.ts': `const long = 1;\n${'a();\n'.repeat(251)}` },
    ],
    good: [
      { 'src/db/a.ts': 'a();\n'.repeat(250) },
      { 'src/db/a.ts': `// Long because the table is one piece.\n${'a();\n'.repeat(251)}` },
    ],
  },
  filesAreNamedAfterAnExport: {
    bad: [
      { 'src/db/aThing.ts': 'export const aThing = 1;' },
      { 'src/db/a-thing.ts': 'export const another = 1; export type Other = 1;' },
      { 'tests/A.test.ts': '' },
    ],
    good: [
      { 'src/db/a-thing.ts': 'export const aThing = 1; export const b = 2;' },
      { 'src/db/a-thing.ts': 'export type AThing = 1;' },
      { 'src/db/a-thing.ts': 'class AThing {}; export { AThing };' },
      { 'src/db/create-http-app.ts': 'export function createHTTPApp() {}' },
      { 'scripts/a-thing.ts': 'export const another = 1;' },
      { 'src/check-config.ts': 'run();' },
    ],
  },
  orchestratorsRepeatThemselves: {
    bad: [
      ...[
        "import { randomUUID } from 'node:crypto';",
        "import { lanesOf } from '../services/lane-room.ts';",
        "const fs = require('node:fs');",
        'const at = Date.now();',
        'const at = new Date();',
        'const at = new Date;',
        'const at = Date();',
        'const { now } = { now: () => new Date().toISOString() };',
        'const one = Math.random();',
        "const one = Math['random']();",
        'setTimeout(next, 5);',
        'const id = setInterval(next, 5);',
        'const { pid } = process;',
        'const answer = fetch(url);',
        'const id = crypto.randomUUID();',
        'const at = performance.now();',
        'const at = globalThis.Date;',
        'export const a = async () => 1;',
        'export async function* a() { await b; }',
        'const all = Promise.all(tasks);',
      ].map((text) => ({ 'src/functions/a-orchestrators.ts': text })),
    ],
    good: [
      {
        'src/functions/a-orchestrators.ts':
          "import { RetryOptions } from 'durable-functions'; import type { B } from '../services/b.ts';",
      },
      { 'src/functions/a-orchestrators.ts': '// Date.now() and await are not allowed here' },
      {
        'src/functions/a-orchestrators.ts': 'export function* a(df) { yield df.createTimer(new Date(at)); }',
      },
      { 'src/functions/a-conductor.ts': "import { a } from 'node:fs'; const at = await Date.now();" },
    ],
  },
};

const parse = (files: Record<string, string>) =>
  Object.entries(files).map(([file, text]) => readSource(file, text));

const labelled = (samples: Record<string, string>[]) =>
  samples.map((files) => ({ files, label: JSON.stringify(files).slice(0, 90) }));

describe.each(Object.entries(rules))('architecture: %s', (name, rule) => {
  const { bad, good } = cases[name as keyof typeof rules];

  it('holds everywhere', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(rule(sources)).toEqual([]);
  });

  it.each(labelled(bad))('fires on $label', ({ files }) => {
    expect(rule(parse(files))).not.toEqual([]);
  });

  it.each(labelled(good))('accepts $label', ({ files }) => {
    expect(rule(parse(files))).toEqual([]);
  });
});
