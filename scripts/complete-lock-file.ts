import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

type LockedPackage = {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
};
type LockFile = { packages: Record<string, LockedPackage> };

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const processors = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];

/** What `@scope/name-linux-x64-musl` says of itself. */
const platformOf = (name: string) => {
  const words = name.split(/[/-]/);
  const pick = (known: string[]) => words.filter((word) => known.includes(word));
  const musl = words.some((word) => word.startsWith('musl'));
  const glibc = words.some((word) => word.startsWith('gnu'));
  return {
    cpu: pick(processors),
    os: pick(systems),
    libc: musl ? ['musl'] : glibc ? ['glibc'] : [],
  };
};

/**
 * Platform packages that the lock file's own packages wish for and that have no entry. npm leaves out those it couldn't
 * fetch or didn't need when it wrote the file, and then refuses `npm ci` wherever it looks for them again.
 */
export const missingPlatformPackages = ({ packages }: LockFile): { name: string; entry: LockedPackage }[] =>
  Object.entries(packages).flatMap(([where, { optionalDependencies = {}, dev }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !packages[`node_modules/${name}`] && !packages[`${where}/node_modules/${name}`])
      .map(([name, range]) => ({ name, range, platform: platformOf(name) }))
      .filter(({ platform }) => platform.os.length > 0 || platform.cpu.length > 0)
      .map(({ name, range, platform: { cpu, os, libc } }) => ({
        name,
        entry: {
          version: range.replace(/^\D*/, ''),
          ...(cpu.length > 0 ? { cpu } : {}),
          ...(dev ? { dev } : {}),
          ...(libc.length > 0 ? { libc } : {}),
          optional: true,
          ...(os.length > 0 ? { os } : {}),
        },
      })),
  );

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const file = path.resolve(import.meta.dirname, '../package-lock.json');
  const lock: LockFile = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingPlatformPackages(lock);
  for (const { name, entry } of missing) lock.packages[`node_modules/${name}`] = entry;
  // npm's own order: the project itself, then by path.
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a === b ? 0 : a.localeCompare(b, 'en')));
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
  process.stdout.write(`${missing.length} platform packages added to package-lock.json\n`);
}
