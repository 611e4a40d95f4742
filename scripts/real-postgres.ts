import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Inside the Debian tree. */
const binaries = '/usr/lib/postgresql/17/bin';
const clusters = '/var/lib/study-query-llm';

const debianTree = () =>
  process.env.SQ_POSTGRES_ROOT ?? path.join(homedir(), '.cache/study-query-llm/postgres-17');

const say = (line: string) => process.stderr.write(`real-postgres: ${line}\n`);

const requireRoot = () => {
  if (process.platform === 'linux' && process.getuid?.() === 0) return;
  throw new Error(
    'A PostgreSQL 17 of our own needs root on Debian or Ubuntu (debootstrap and chroot). ' +
      'On other machines name a superuser of any PostgreSQL ≥ 15 with pgvector in SQ_TEST_DATABASE_URL.',
  );
};

const installDebootstrap = async () => {
  if (existsSync('/usr/sbin/debootstrap')) return;
  say('installing debootstrap');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env });
  await run('apt-get', ['install', '-y', '-qq', 'debootstrap'], { env });
};

/** Unpacks Debian's PostgreSQL 17 with pgvector into a folder of its own (once, 680 MB, about 40 s). */
const installPostgres = async (tree: string) => {
  if (existsSync(path.join(tree, binaries, 'postgres'))) return;
  await installDebootstrap();
  say(`unpacking PostgreSQL 17 and pgvector into ${tree}, once`);
  await mkdir(path.dirname(tree), { recursive: true });
  const draft = `${tree}.${process.pid}`;
  const packages = '--include=postgresql-17,postgresql-17-pgvector';
  try {
    await run('debootstrap', ['--variant=minbase', packages, 'trixie', draft], { maxBuffer: 1e8 });
  } catch (error) {
    const log = await readFile(path.join(draft, 'debootstrap/debootstrap.log'), 'utf8').catch(() => '');
    await rm(draft, { recursive: true, force: true });
    throw new Error(`debootstrap failed: ${log.split('\n').slice(-5).join('\n')}`, { cause: error });
  }
  await run('chroot', [draft, 'install', '-d', '-o', 'postgres', '-g', 'postgres', clusters]);
  // Whoever is second keeps the tree of the first.
  await rename(draft, tree).catch(() => rm(draft, { recursive: true, force: true }));
};

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Deletes clusters (named cluster-PID-RANDOM) whose starter was killed before it could. */
const removeAbandonedClusters = async (tree: string) => {
  for (const name of await readdir(path.join(tree, clusters))) {
    const pid = Number(/^cluster-(\d+)-/.exec(name)?.[1]);
    if (pid > 0 && !isAlive(pid)) await rm(path.join(tree, clusters, name), { recursive: true, force: true });
  }
};

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

const whenReady = async (server: ChildProcess, log: () => string) => {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(25)) {
    if (log().includes('ready to accept connections')) return;
    if (server.exitCode !== null || server.signalCode !== null) break;
  }
  throw new Error(`PostgreSQL did not start:\n${log()}`);
};

/**
 * Starts a fresh PostgreSQL 17 with pgvector: Debian's own defaults, fsync on, loopback only, an empty cluster.
 * @returns the address of its superuser, the postmaster's pid, and `stop`, which also deletes the cluster.
 * @throws {Error} without root.
 */
export const startRealPostgres = async (): Promise<{ url: string; pid: number; stop(): Promise<void> }> => {
  requireRoot();
  const tree = debianTree();
  await installPostgres(tree);
  await removeAbandonedClusters(tree);

  const asPostgres = ['--userspec=postgres:postgres', tree];
  const folder = path.posix.join(clusters, `cluster-${process.pid}-${randomBytes(4).toString('hex')}`);
  const data = `${folder}/data`;
  const password = randomBytes(16).toString('hex');
  await run('chroot', [...asPostgres, 'mkdir', '-m', '700', folder]);
  const removeCluster = () => rm(path.join(tree, folder), { recursive: true, force: true });
  try {
    await writeFile(path.join(tree, folder, 'password'), password);
    const options = ['--auth=scram-sha-256', `--pwfile=${folder}/password`, '--locale=C.UTF-8', '--no-sync'];
    await run('chroot', [...asPostgres, `${binaries}/initdb`, '-D', data, ...options]);

    const port = await freePort();
    const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', fsync: 'on' };
    const server = spawn(
      'chroot',
      [
        ...asPostgres,
        // Ends the server with us, even when we are killed.
        ...['setpriv', '--pdeathsig', 'INT', `${binaries}/postgres`, '-D', data],
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], detached: true }, // a Ctrl-C is ours to handle
    );
    let log = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-10_000);
    });
    const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
    const stop = async () => {
      server.kill('SIGINT'); // "fast": ends sessions, writes a checkpoint
      await ended;
      await removeCluster();
    };
    try {
      await whenReady(server, () => log);
    } catch (error) {
      await stop();
      throw error;
    }
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    return { url, pid: server.pid ?? 0, stop };
  } catch (error) {
    await removeCluster();
    throw error;
  }
};

const runWithPostgres = async (command: string, parameters: string[]): Promise<number> => {
  const postgres = await startRealPostgres();
  try {
    const env = { ...process.env, SQ_TEST_DATABASE_URL: postgres.url };
    const child = spawn(command, parameters, { stdio: 'inherit', env });
    // We stay to clean up: the terminal sends a Ctrl-C to the command as well, a SIGTERM goes to us alone.
    process.on('SIGINT', () => {}).on('SIGTERM', () => child.kill('SIGTERM'));
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    await postgres.stop();
  }
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [command, ...parameters] = process.argv.slice(2).filter((word, index) => index > 0 || word !== '--');
  if (command === undefined) {
    process.stderr.write('usage: node scripts/real-postgres.ts -- COMMAND…\n');
    process.exitCode = 2;
  } else {
    process.exitCode = await runWithPostgres(command, parameters).catch((error: Error) => {
      say(error.message);
      return 1;
    });
  }
}
