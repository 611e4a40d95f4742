import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const bicepVersion = '0.49.2';

const systems: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'osx', win32: 'win' };
const packageName = `azure.bicep.commandline.${systems[process.platform] ?? process.platform}-${process.arch}`;
const cache = () => path.join(homedir(), `.cache/study-query-llm/bicep-${bicepVersion}`);
const program = () =>
  path.join(
    cache(),
    packageName,
    bicepVersion,
    'tools',
    process.platform === 'win32' ? 'bicep.exe' : 'bicep',
  );

/** @returns the Bicep CLI that an earlier `installBicep` left on this machine; null when there is none. */
export const findBicep = (): string | null => (existsSync(program()) ? program() : null);

/** NuGet's way to fetch a package without a program that refers to it. */
const projectFile = `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageDownload Include="${packageName}" Version="[${bicepVersion}]" /></ItemGroup>
</Project>
`;

/**
 * The Bicep CLI in exactly our version, from NuGet, into a cache outside of the repository (once, 120 MB).
 * @throws {Error} that says what is missing: `dotnet`, or the way to the registry.
 */
export const installBicep = async (): Promise<string> => {
  const found = findBicep();
  if (found !== null) return found;
  await mkdir(cache(), { recursive: true });
  const project = path.join(cache(), 'bicep.csproj');
  await writeFile(project, projectFile);
  const env = { ...process.env, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' };
  try {
    await run('dotnet', ['restore', project, '--packages', cache()], { env, maxBuffer: 1e8 });
  } catch (error) {
    const { code, stdout = '' } = error as { code?: unknown; stdout?: string };
    if (code === 'ENOENT') {
      throw new Error(
        'The Bicep CLI comes from NuGet through `dotnet restore`, and there is no `dotnet` here: install a .NET SDK ≥ 8.',
      );
    }
    throw new Error(
      `NuGet did not give ${packageName} ${bicepVersion} (no network?):\n${stdout.slice(-2000).trim()}`,
    );
  }
  await chmod(program(), 0o755);
  return program();
};

export type Diagnostic = {
  source: string;
  range: { start: { line: number } };
  level: string;
  code: string;
  message: string;
};
type Compiled = { success: boolean; diagnostics: Diagnostic[] };

/** What a deployment would make, worked out without Azure; what only Azure knows stays an expression `[reference(…)]`. */
export type Snapshot = {
  predictedResources: PredictedResource[];
  outputs: Record<string, unknown>;
  diagnostics: string[];
};
export type PredictedResource = {
  id: string;
  type: string;
  name: string;
  apiVersion: string;
  [property: string]: unknown;
};

/** Stand-ins, so that names are the same on every machine. */
const deployment = {
  tenantId: '22222222-2222-2222-2222-222222222222',
  subscriptionId: '11111111-1111-1111-1111-111111111111',
  location: 'westeurope',
  deploymentName: 'main',
};

export type Bicep = {
  /** @returns the template, unless there were errors, and every diagnostic of the file and its modules */
  compile(file: string): Promise<Compiled & { contents: string | null }>;
  compileParams(file: string): Promise<Compiled & { parameters: string | null; template: string | null }>;
  /** @throws {Error} when the parameters don't fit the template, or a `fail()` in it was reached */
  snapshot(file: string): Promise<Snapshot>;
  close(): void;
};

/**
 * One Bicep CLI that answers many questions (JSON-RPC over its pipes): the first takes a second, each further one a fifth.
 * `env` is what `readEnvironmentVariable` sees.
 */
export const startBicep = (
  file: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Bicep => {
  // .NET's profiling of hot code pays off in minutes; here it doubles the CPU time of a run of seconds.
  const child = spawn(file, ['jsonrpc', '--stdio'], {
    env: { ...env, DOTNET_TieredPGO: '0' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  type Waiting = { resolve(result: unknown): void; reject(error: Error): void };
  const waiting = new Map<number, Waiting>();
  let received = Buffer.alloc(0);
  let lastId = 0;

  const failAll = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  child.once('error', failAll);
  child.once('exit', (code) => failAll(new Error(`the Bicep CLI ended with ${code}`)));
  child.stdout.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    for (;;) {
      const head = received.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/Content-Length: (\d+)/i.exec(received.subarray(0, head).toString())?.[1]);
      const end = head + 4 + length;
      if (received.length < end) return;
      const answer = JSON.parse(received.subarray(head + 4, end).toString());
      received = received.subarray(end);
      const asked = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (answer.error) asked?.reject(new Error(answer.error.message));
      else asked?.resolve(answer.result);
    }
  });

  const ask = <Result>(method: string, params: object): Promise<Result> =>
    new Promise((resolve, reject) => {
      lastId += 1;
      const body = JSON.stringify({ jsonrpc: '2.0', id: lastId, method: `bicep/${method}`, params });
      waiting.set(lastId, { resolve: (result) => resolve(result as Result), reject });
      child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });

  return {
    compile: (path) => ask('compile', { path }),
    compileParams: (path) => ask('compileParams', { path, parameterOverrides: {} }),
    snapshot: async (path) => {
      const { snapshot } = await ask<{ snapshot: string }>('getSnapshot', {
        path,
        metadata: deployment,
        externalInputs: null,
      });
      return JSON.parse(snapshot);
    },
    close: () => void child.stdin.end(),
  };
};
