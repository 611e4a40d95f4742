import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startHostProcess } from '../local/host/start-host-process.ts';
import { startRealPostgres } from '../scripts/real-postgres.ts';
import { stageApp } from '../scripts/stage-app.ts';
import type { BatchDetail } from '../src/contract/batch.ts';
import { callApi } from './batch-run.ts';
import { type Benchmark, median, progress, round } from './benchmark.ts';
import { startChild, stopChild } from './child-process.ts';

const model = 'bench-model';
const concurrency = 32;
const latencyMs = 50;
const pollMs = 50;
const misbehaviours = ['down', 'credit', 'silent'] as const;

/** Names of its own for each run: what a process has learned of a provider outlives a batch. */
const providersOf = (url: string, turns: number) => {
  const bases = { good: url, down: 'http://127.0.0.1:9', credit: `${url}/credit`, silent: `${url}/silent` };
  const names = ['good', ...misbehaviours] as const;
  return Array.from({ length: turns }, (_, turn) => turn).flatMap((turn) =>
    names.map((name) => ({ name: `${name}-${turn}`, baseUrl: `${bases[name]}/v1`, models: [{ id: model }] })),
  );
};

/** What a good provider of 50 ms answers in a second beside a bad one, against what it answers alone. */
export const neighbours: Benchmark = {
  about: 'a provider beside one that is down, out of credit or silent, in one batch, against itself alone',
  options: {
    items: { type: 'string', default: '2000', about: 'questions, each asked of both providers' },
    turns: { type: 'string', default: '3', about: 'alternations of all four; the median ratio counts' },
  },
  bounds: {
    besideDown: { atLeast: 0.9 },
    besideOutOfCredit: { atLeast: 0.9 },
    besideSilent: { atLeast: 0.9 },
  },
  async run({ items: itemsText, turns: turnsText }) {
    const [items, turns] = [Number(itemsText), Number(turnsText)];
    const folder = await mkdtemp(path.join(tmpdir(), 'bench-neighbours-'));
    const cleanUp: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
    try {
      await stageApp(folder, 'local');
      const provider = await startChild<{ url: string }>('constant-provider.ts', {
        parameters: [String(latencyMs)],
      });
      cleanUp.unshift(() => stopChild(provider.child));
      const postgres = await startRealPostgres();
      cleanUp.unshift(() => postgres.stop());
      const key = `sq_${randomBytes(32).toString('base64url')}`;
      const env: Record<string, string> = {
        PATH: process.env.PATH ?? '',
        DATABASE_URL: postgres.url,
        SQ_ADMIN_KEY: key,
        SQ_COMPATIBLE_PROVIDERS: JSON.stringify(providersOf(provider.message.url, turns + 1)),
      };
      execFileSync(process.execPath, [path.join(folder, 'dist/migrate.mjs')], { env });
      const host = await startHostProcess({ appDir: folder, port: 0, env, strictDurable: true });
      cleanUp.unshift(() => host.stop());
      const api = { host, key };

      /** Answers a second of the good provider, from the POST to the last of them read. */
      const throughput = async (names: readonly string[]): Promise<number> => {
        const body = {
          targets: names.map((name) => ({ provider: name, model, parameters: { maxOutputTokens: 200 } })),
          concurrency,
          deadlineMs: 30_000,
          items: Array.from({ length: items }, (_, n) => ({ itemKey: `q-${n}`, prompt: `Question ${n}?` })),
        };
        const startedAt = performance.now();
        const { id } = await callApi<BatchDetail>(api, '/api/v1/batches', body);
        let answered = 0;
        while (answered < items) {
          await sleep(pollMs);
          answered = (await callApi<BatchDetail>(api, `/api/v1/batches/${id}`)).counts.outcomes.ok;
        }
        const perSecond = items / ((performance.now() - startedAt) / 1000);
        await callApi(api, `/api/v1/batches/${id}/cancel`, {});
        return perSecond;
      };

      await throughput(['good-0']); // code is compiled for good only after some thousand calls
      const ratios = new Map(misbehaviours.map((name) => [name, [] as number[]]));
      const alone: number[] = [];
      for (let turn = 1; turn <= turns; turn += 1) {
        const control = await throughput([`good-${turn}`]);
        alone.push(control);
        for (const name of misbehaviours) {
          const ratio = (await throughput([`good-${turn}`, `${name}-${turn}`])) / control;
          ratios.get(name)?.push(ratio);
          progress(
            `neighbours: turn ${turn} of ${turns}, ${name}: ${ratio.toFixed(3)} of ${control.toFixed(0)}/s`,
          );
        }
      }
      const of = (name: (typeof misbehaviours)[number]) => round(median(ratios.get(name) ?? []));
      return {
        besideDown: of('down'),
        besideOutOfCredit: of('credit'),
        besideSilent: of('silent'),
        alonePerSecond: round(median(alone)),
        alonePerSecondLeast: round(Math.min(...alone)),
        items,
      };
    } finally {
      for (const step of cleanUp) await step();
    }
  },
};
