import { describe, expect, it } from '@jest/globals';
import { exportHelp, parseExportOptions } from '../../cli/export-options.ts';

const id = '0198c0de-0000-7000-8000-000000000001';
const words = (line: string) => parseExportOptions(line.split(' '));

describe('the options of npm run export', () => {
  it('become a request', () => {
    expect(words('--what runs --out a.csv')).toEqual({
      command: 'make',
      request: { what: 'runs', format: 'csv', filter: {} },
      out: 'a.csv',
      url: undefined,
    });
    const line = `--what results --format jsonl --gzip --batch ${id} --outcome ok --out a --url http://h`;
    expect(words(line)).toMatchObject({
      request: { what: 'results', format: 'jsonl', gzip: true, filter: { batchId: id, outcome: 'ok' } },
      url: 'http://h',
    });
    expect(words('--what distribution --of costUsd --bins 9 --out a')).toMatchObject({
      request: { options: { of: 'costUsd', bins: 9 } },
    });
    expect(words(`--id ${id} --out a`)).toEqual({ command: 'fetch', id, out: 'a', url: undefined });
    expect(words('-h').command).toBe('help');
  });

  it.each([
    ['--what runs', /--out/],
    ['--out a', /--what/],
    ['--what other --out a', /--what/],
    ['--what results --out a', /--batch: is missing/],
    [`--what results --batch ${id} --model m --out a`, /--model/],
    ['--what runs --batch b --out a', /--batch/],
    ['--what runs --from yesterday --out a', /--from/],
    ['--id 5 --out a', /no id/],
    [`--id ${id} --what runs --out a`, /--what/],
    [`--id ${id} --outcome ok --out a`, /--outcome/],
    ['--what comparison --out a', /--by/],
    ['--what runs --bins 3 --out a', /--bins/],
    ['--what runs --format openai --out a', /--format/],
    ['--wat runs', /wat/],
  ])('are refused: %s', (line, message) => {
    expect(() => words(line)).toThrow(message);
  });

  it('are all in the help', () => {
    for (const name of ['what', 'format', 'out', 'gzip', 'id', 'batch', 'from', 'metadata', 'url']) {
      expect(exportHelp).toContain(`--${name}`);
    }
  });
});
