import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { outcomeDetails } from '../../../src/services/calls/outcome-details.ts';

describe('docs/inference.md', () => {
  it('explains every detail as the code does', () => {
    const page = readFileSync(path.join(import.meta.dirname, '../../../docs/inference.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z_]+)` \| `([a-z_]+)`(: .*) \|$/gm)];
    const explained = Object.fromEntries(
      rows.map(([, detail, outcome, rest]) => [detail, `${outcome}${rest}`]),
    );
    expect(explained).toEqual(outcomeDetails);
  });
});
