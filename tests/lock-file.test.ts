import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { missingPlatformPackages } from '../scripts/complete-lock-file.ts';
import { repositoryRoot } from './support/import-graph.ts';

const readJson = (file: string) => JSON.parse(readFileSync(path.join(repositoryRoot, file), 'utf8'));

it('locks the packages of every platform (node scripts/complete-lock-file.ts adds them)', () => {
  expect(missingPlatformPackages(readJson('package-lock.json')).map(({ name }) => name)).toEqual([]);
});

it('pins every direct dependency exactly, as the lock file has it', () => {
  const { dependencies, devDependencies, optionalDependencies } = readJson('package.json');
  const { packages } = readJson('package-lock.json');
  const pinned = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
  expect(pinned.filter(([name, version]) => packages[`node_modules/${name}`]?.version !== version)).toEqual(
    [],
  );
});

it('tells a missing platform package by its name', () => {
  const lock = {
    packages: {
      'node_modules/tool': {
        dev: true,
        optionalDependencies: { '@tool/linux-x64-musl': '^1.2.3', plain: '1.0.0' },
      },
    },
  };
  expect(missingPlatformPackages(lock)).toEqual([
    {
      name: '@tool/linux-x64-musl',
      entry: { version: '1.2.3', cpu: ['x64'], dev: true, libc: ['musl'], optional: true, os: ['linux'] },
    },
  ]);
});
