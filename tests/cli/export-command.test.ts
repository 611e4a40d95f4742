import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { exportHelp } from '../../cli/export-options.ts';

const script = join(import.meta.dirname, '../../cli/export-command.ts');
const run = (...words: string[]) => {
  const env = { PATH: process.env.PATH, SQ_KEY: 'sq_key', SQ_URL: 'http://127.0.0.1:1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...words], {
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};

describe('npm run export', () => {
  it('explains itself', () => {
    expect(run('--help')).toEqual({ status: 0, stdout: `${exportHelp}\n`, stderr: '' });
  });

  it.each([
    ['--what runs --out none/runs.csv', /^export: nothing can be written to .*none\n$/],
    ['--what runs --out runs.csv', /^export: http:\/\/127.0.0.1:1 does not answer/],
    ['--what runs --out runs.csv --colour', /^export: Unknown option '--colour' \(--help says more\)\n$/],
  ])('ends with 2 for %s, before anything is begun', (words, said) => {
    expect(run(...words.split(' '))).toEqual({ status: 2, stdout: '', stderr: expect.stringMatching(said) });
  });
});
