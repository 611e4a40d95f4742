import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { BatchDefinition, CreateBatch } from '../../src/contract/batch.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/batches.md'), 'utf8');

/** Cells of each row of the page's tables whose first cell names members. */
const rows = page
  .split('\n')
  .filter((line) => /^\| `\w+`(, `\w+`)* \|/.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

describe('docs/batches.md', () => {
  it('lists every member of a batch with its default', () => {
    const documented = rows.flatMap(([names = '', value = '']) =>
      [...names.matchAll(/\w+/g)].map(([name]): [string, string] => [name, value.replaceAll('`', '')]),
    );
    expect(documented.map(([name]) => name).toSorted()).toEqual(
      Object.keys(BatchDefinition.shape).toSorted(),
    );
    const defaults: Record<string, unknown> = BatchDefinition.parse({ targets: [{ provider: 'echo' }] });
    for (const [name, value] of documented) {
      if (name === 'targets') expect(value).toBe('required');
      else if (defaults[name] === undefined)
        expect([name, value]).toEqual([name, expect.stringMatching(/^(none|as configured)$/)]);
      else expect([name, value]).toEqual([name, String(defaults[name])]);
    }
  });

  it('has examples that the contract takes', () => {
    const bodies = [...page.matchAll(/-d '(\{.*?\})'\n/gs)].map(([, body = '']) => body);
    expect(bodies.length).toBeGreaterThan(0);
    for (const body of bodies) expect(CreateBatch.safeParse(JSON.parse(body)).error).toBeUndefined();
  });
});
