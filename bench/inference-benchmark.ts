import { type ChildProcess, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startHostProcess } from '../local/host/start-host-process.ts';
import { startRealPostgres } from '../scripts/real-postgres.ts';
import { stageApp } from '../scripts/stage-app.ts';
import { type Benchmark, median, progress, round } from './benchmark.ts';
import { processUse, startChild, stopChild } from './child-process.ts';
import type { Load, LoadResult } from './load-process.ts';

const model = 'bench-model';
const prompt = 'What is the capital of France? Answer in one sentence, then give the reason.';

type Target = {
  name: 'direct' | 'service' | 'host';
  load: Omit<Load, 'connections' | 'amount'>;
  pid: number;
};
type Measured = LoadResult & { cpuMsPerRequest: number; rssMb: number };

/** One run of load on one target. @throws when anything but 2xx comes back. */
const measure = async (target: Target, connections: number, amount: number): Promise<Measured> => {
  const before = processUse(target.pid);
  const { message, child } = await startChild<LoadResult>('load-process.ts', {
    message: { ...target.load, connections, amount },
  });
  const after = processUse(target.pid);
  await stopChild(child);
  if (message.answered2xx !== amount) {
    throw new Error(
      `${target.name}: ${message.answered2xx} of ${amount} answered 2xx, ${JSON.stringify(message.others)}`,
    );
  }
  return { ...message, cpuMsPerRequest: (after.cpuMs - before.cpuMs) / amount, rssMb: after.rssMb };
};

/** One question by hand, before any load. @throws when its recorded outcome isn't ok. */
const askOnce = async ({ name, load }: Target) => {
  const response = await fetch(load.url, { method: 'POST', headers: load.headers, body: load.body });
  const text = await response.text();
  if (!text.includes('"outcome":"ok"')) throw new Error(`${name} answered ${response.status}: ${text}`);
};

/** Alternates the targets, so that a noisy minute falls on all of them. */
const alternate = async (targets: Target[], rounds: number, connections: number, amount: number) => {
  const results = new Map<string, Measured[]>(targets.map(({ name }) => [name, []]));
  for (let turn = 1; turn <= rounds; turn++) {
    for (const target of targets) {
      const result = await measure(target, connections, amount);
      results.get(target.name)?.push(result);
      progress(
        `inference: ${connections} connections, round ${turn} of ${rounds}, ${target.name}: ` +
          `${result.perSecond.toFixed(0)}/s, p50 ${result.msP50.toFixed(1)} ms, ${result.cpuMsPerRequest.toFixed(2)} ms CPU`,
      );
    }
  }
  return (name: Target['name'], figure: 'perSecond' | 'msP50' | 'cpuMsPerRequest' | 'rssMb') =>
    median((results.get(name) ?? []).map((result) => result[figure]));
};

/** Every 2xx answer must be one settled run with one settled attempt, each written in two commits. @throws otherwise. */
const checkRows = async (databaseUrl: string, expected: number) => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, number | string>>(`
      SELECT
        current_setting('fsync') AS fsync,
        current_setting('synchronous_commit') AS synchronous_commit,
        (SELECT count(*)::int FROM inference_runs) AS runs,
        (SELECT count(*)::int FROM inference_runs WHERE status = 'settled' AND outcome = 'ok') AS answered,
        (SELECT count(*)::int FROM inference_attempts WHERE status = 'settled' AND outcome = 'ok') AS attempts,
        (SELECT n_tup_ins::int FROM pg_stat_user_tables WHERE relname = 'inference_runs') AS inserted,
        (SELECT n_tup_upd::int FROM pg_stat_user_tables WHERE relname = 'inference_runs') AS updated`);
    const found = rows[0] ?? {};
    const { runs, answered, attempts, inserted, updated } = found;
    const wrong = [runs, answered, attempts, inserted, updated].some((count) => count !== expected);
    if (wrong || found.fsync !== 'on' || found.synchronous_commit !== 'on') {
      throw new Error(`${expected} answers were 2xx, but the database says ${JSON.stringify(found)}`);
    }
  } finally {
    await client.end();
  }
};

/** What recording costs: the same load directly on a provider, through the inference service, and through the host. */
export const inference: Benchmark = {
  about: 'recorded inferences against a direct call to a provider of 50 ms',
  options: {
    rounds: { type: 'string', default: '5', about: 'alternating runs of each target' },
    requests: { type: 'string', default: '6400', about: 'requests of a run at 64 connections' },
    profile: {
      type: 'string',
      default: '',
      about: 'folder for CPU profiles of service and host, and the build they belong to',
    },
  },
  bounds: {
    serviceRatioToDirect: { atLeast: 0.6 },
    ratioToDirect: { atLeast: 0.4 },
    addedMsP50: { atMost: 10 },
  },
  async run({ rounds, requests, profile }) {
    const cleanUp: (() => Promise<unknown>)[] = [];
    const keep = (child: ChildProcess) => cleanUp.unshift(() => stopChild(child));
    try {
      // A profile is read with the source maps of the very build, so that one is kept.
      const folder = profile
        ? path.join(profile, 'app')
        : await mkdtemp(path.join(tmpdir(), 'bench-inference-'));
      if (!profile) cleanUp.unshift(() => rm(folder, { recursive: true, force: true }));
      await stageApp(folder, 'local');
      const postgres = await startRealPostgres();
      cleanUp.unshift(() => postgres.stop());
      const provider = await startChild<{ url: string }>('constant-provider.ts', { parameters: ['50'] });
      keep(provider.child);

      const key = `sq_${randomBytes(32).toString('base64url')}`;
      const env: Record<string, string> = {
        PATH: process.env.PATH ?? '',
        DATABASE_URL: postgres.url,
        SQ_ADMIN_KEY: key,
        SQ_HTTP_STREAM: 'true',
        SQ_COMPATIBLE_PROVIDERS: JSON.stringify([
          { name: 'bench', baseUrl: `${provider.message.url}/v1`, models: [{ id: model }] },
        ]),
      };
      execFileSync(process.execPath, [path.join(folder, 'dist/migrate.mjs')], { env });
      const profiled = (name: string) =>
        profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${name}.cpuprofile`] : [];
      const service = await startChild<{ url: string }>('service-server.ts', {
        env,
        execArgv: profiled('service'),
      });
      keep(service.child);
      const host = await startHostProcess({ appDir: folder, port: 0, env, execArgv: profiled('host') });
      cleanUp.unshift(() => host.stop());

      const json = { 'content-type': 'application/json' };
      const question = JSON.stringify({
        prompt,
        provider: 'bench',
        model,
        parameters: { maxOutputTokens: 200 },
      });
      const wire = { model, messages: [{ role: 'user', content: prompt }], max_tokens: 200 };
      const targets: Target[] = [
        {
          name: 'direct',
          load: {
            url: `${provider.message.url}/v1/chat/completions`,
            headers: json,
            body: JSON.stringify(wire),
          },
          pid: provider.child.pid ?? 0,
        },
        {
          name: 'service',
          load: { url: service.message.url, headers: json, body: question },
          pid: service.child.pid ?? 0,
        },
        {
          name: 'host',
          load: {
            url: `${host.url}/api/v1/inferences`,
            headers: { ...json, authorization: `Bearer ${key}` },
            body: question,
          },
          pid: host.pid,
        },
      ];
      const amount = Number(requests);
      const warmUp = Math.max(64, amount); // code is compiled for good after some thousand requests
      const few = Math.max(16, Math.round(amount / 16));
      const recording = targets.filter(({ name }) => name !== 'direct');
      for (const target of recording) await askOnce(target);
      for (const target of targets) await measure(target, 64, warmUp);
      const at64 = await alternate(targets, Number(rounds), 64, amount);
      const at4 = await alternate(targets, Number(rounds), 4, few);

      const warnings = await host.warnings();
      if (warnings.length > 0) throw new Error(`the host warned: ${warnings.slice(0, 3).join('; ')}`);
      // Their sessions report what they wrote when they end.
      await host.stop();
      await stopChild(service.child);
      const recorded = recording.length * (1 + warmUp + Number(rounds) * (amount + few));
      await checkRows(postgres.url, recorded);

      return {
        serviceRatioToDirect: round(at64('service', 'perSecond') / at64('direct', 'perSecond')),
        ratioToDirect: round(at64('host', 'perSecond') / at64('direct', 'perSecond')),
        addedMsP50: round(at4('host', 'msP50') - at4('direct', 'msP50')),
        cpuMsPerRequest: round(at64('host', 'cpuMsPerRequest')),
        rssMb: round(at64('host', 'rssMb')),
        serviceCpuMsPerRequest: round(at64('service', 'cpuMsPerRequest')),
        serviceAddedMsP50: round(at4('service', 'msP50') - at4('direct', 'msP50')),
        directPerSecond: round(at64('direct', 'perSecond')),
        servicePerSecond: round(at64('service', 'perSecond')),
        hostPerSecond: round(at64('host', 'perSecond')),
        answers: recorded,
        rows: recorded,
      };
    } finally {
      for (const step of cleanUp) await step();
    }
  },
};
