import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { infraParameters } from '../../scripts/infra-parameters.ts';
import { repositoryRoot } from '../support/import-graph.ts';
import { alertNames } from './support/alert-checks.ts';
import type { Compiled } from './support/deployment.ts';
import { openBicep, openInfraCopy } from './support/infra-copy.ts';

const read = (file: string) => readFileSync(path.join(repositoryRoot, file), 'utf8');
const written = infraParameters();

describe('infra/main.parameters.json', () => {
  const { parameters } = JSON.parse(read('infra/main.parameters.json'));

  it('gives what is required, and nothing that is unknown', () => {
    const names = Object.keys(parameters);
    expect(names.filter((name) => !written.some((parameter) => parameter.name === name))).toEqual([]);
    const required = written.filter(({ defaultValue }) => defaultValue === null).map(({ name }) => name);
    expect(required.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('holds no value of its own, only variables of azd', () => {
    const values = JSON.stringify(parameters).matchAll(/"([^"]*)"(?=[,}])/g);
    expect([...values].filter(([, value = '']) => !/^\$\{[A-Z_]+(=\w*)?\}$/.test(value))).toEqual([]);
  });
});

const bicep = openBicep();
const copy = bicep && openInfraCopy(bicep);
const describeWithBicep = copy === null ? describe.skip : describe;

describeWithBicep('documentation of infra/', () => {
  let compiled: Compiled;
  beforeAll(async () => {
    if (copy !== null) compiled = await copy.compile({ chosen: ['everything'] });
  }, 60_000);
  afterAll(() => copy?.close());

  it('describes the parameters that the compiler sees', () => {
    const { parameters } = compiled.template as {
      parameters: Record<string, { metadata?: { description?: string } }>;
    };
    const seen = Object.entries(parameters).map(([name, { metadata }]) => [name, metadata?.description]);
    expect(written.map(({ name, about }) => [name, about])).toEqual(seen);
  });

  it('has a row and a section for each alert, and for no other', () => {
    const page = read('docs/operations.md');
    const made = compiled.deployments.everything ? alertNames(compiled.deployments.everything).sort() : [];
    const section = page.slice(page.indexOf('## Alerts'), page.indexOf('## By symptom'));
    const rows = [...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
    const headings = [...section.matchAll(/^### (.+)$/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual(made);
    expect(headings.sort()).toEqual(made);
  });
});
