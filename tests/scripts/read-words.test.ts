import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const run = (script: string, ...words: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, script), ...words], {
    env: { PATH: '' },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};

describe('the words of commands', () => {
  it.each(['build', 'demo', 'deploy', 'docs', 'package'])(
    'npm run %s explains itself, and does nothing',
    (name) => {
      const { status, stdout, stderr } = run(`scripts/${name}.ts`, '--help');
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`npm run ${name}`);
      expect(stdout).toMatch(/--help +this text/);
    },
  );

  it('refuses words it does not know with 2 and one line', () => {
    expect(run('scripts/docs.ts', '--checks')).toEqual({
      status: 2,
      stdout: '',
      stderr: "docs: Unknown option '--checks' (--help says more)\n",
    });
  });

  it('deploys nothing where the tools are missing, and speaks of no way back then', () => {
    const { status, stderr } = run('scripts/deploy.ts', '--yes', '--parameters', 'none.bicepparam');
    expect(status).toBe(1);
    expect(stderr).toMatch(/Nothing was changed\.\n$/);
  });
});
