import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startRealPostgres } from '../scripts/real-postgres.ts';
import { migrateDatabase } from '../src/db/migrate-database.ts';
import { type Benchmark, median, progress, round } from './benchmark.ts';
import { processUse, stopChild } from './child-process.ts';
import type { ExportTask, ExportTaskDone } from './export-process.ts';
import { fillRuns } from './fill-runs.ts';

const database = path.join(import.meta.dirname, '../src/db');
const pieceBytes = 4 * 1024 * 1024;
const slowBytesPerSecond = 2_000_000;

/** The same facts by PostgreSQL's own CSV, thrown away as they arrive. @returns ms and bytes */
const copyOut = async (databaseUrl: string): Promise<{ wallMs: number; bytes: number }> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  let bytes = 0;
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
  connection.on('copyData', ({ chunk }: { chunk: Buffer }) => {
    bytes += chunk.byteLength;
  });
  const startedAt = performance.now();
  await client.query(`COPY (
    SELECT id, created_at, settled_at, status, outcome, detail, provider, model, served_model, messages,
      original_messages, answer_text, finish_reason, input_tokens, cached_input_tokens, output_tokens,
      reasoning_tokens, usage_estimated, cost_usd, price_id, latency_ms, first_token_ms, attempt_count, error, parameters,
      omitted_parameters, preprocessing, metadata, content_filter, batch_id, request_id, trace_id,
      provider_request_id, system_fingerprint
    FROM inference_runs ORDER BY created_at, id
  ) TO STDOUT (FORMAT csv, HEADER)`);
  const wallMs = performance.now() - startedAt;
  await client.end();
  return { wallMs, bytes };
};

/** The highest resident memory of a process until `stop`, in MB. */
const watchMemory = (pid: number) => {
  let peakMb = 0;
  const look = () => {
    peakMb = Math.max(peakMb, processUse(pid).rssMb);
  };
  look();
  const timer = setInterval(look, 20);
  return {
    stop: () => {
      look();
      clearInterval(timer);
      return peakMb;
    },
  };
};

/** A fresh process makes the export and then serves it. */
const makeExport = async (task: ExportTask) => {
  const child = fork(path.join(import.meta.dirname, 'export-process.ts'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const memory = watchMemory(child.pid ?? 0);
  const made = new Promise<ExportTaskDone>((resolve, reject) => {
    child.once('message', (done) => resolve(done as ExportTaskDone));
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
  });
  child.send(task);
  const done = await made;
  return { child, done, peakMb: memory.stop() };
};

/** Reads an export range by range, no faster than `bytesPerSecond`, for so long at most. @returns its SHA-256 and size */
const download = async ({ url, id }: ExportTaskDone, bytesPerSecond: number, forMs: number) => {
  const hash = createHash('sha256');
  const startedAt = performance.now();
  let read = 0;
  let size = Number.POSITIVE_INFINITY;
  while (read < size && performance.now() - startedAt < forMs) {
    const headers = {
      authorization: `Bearer sq_${'a'.repeat(43)}`,
      range: `bytes=${read}-${read + pieceBytes - 1}`,
    };
    const response = await fetch(`${url}/api/v1/exports/${id}/download`, { headers });
    if (response.status !== 206 || response.body === null) throw new Error(`HTTP ${response.status}`);
    size = Number(response.headers.get('content-range')?.split('/')[1]);
    for await (const piece of response.body) {
      hash.update(piece);
      read += piece.byteLength;
      const dueMs = (read / bytesPerSecond) * 1000 - (performance.now() - startedAt);
      if (dueMs > 1) await sleep(dueMs);
    }
  }
  return { sha256: hash.digest('hex'), read, size };
};

export const exportRows: Benchmark = {
  about: 'a table of runs as CSV: rows a second against COPY, memory of the worker, a slow reader',
  options: {
    rows: { type: 'string', default: '1000000', about: 'runs in the table' },
    rounds: { type: 'string', default: '3', about: 'alternating rounds of COPY and export' },
  },
  bounds: {
    csvRatioToCopy: { atLeast: 0.25 },
    peakRssMb: { atMost: 300 },
    slowReaderAddsMb: { atMost: 40 },
  },
  run: async (options) => {
    const [count, rounds] = [Number(options.rows), Number(options.rounds)];
    const postgres = await startRealPostgres();
    const folder = await mkdtemp(path.join(tmpdir(), 'sq-export-bench-'));
    try {
      await migrateDatabase({
        databaseUrl: postgres.url,
        migrationsDir: path.join(database, 'migrations'),
        pricesDir: path.join(database, 'prices'),
      });
      const client = new pg.Client({ connectionString: postgres.url });
      await client.connect();
      await fillRuns(client, count, (done) => progress(`export: ${done} of ${count} rows made`));
      await client.end();

      const copies: number[] = [];
      const exportsMs: number[] = [];
      const peaks: number[] = [];
      let figures: Record<string, unknown> = {};
      // One round before the first that counts fills the caches of both.
      for (let turn = 0; turn <= rounds; turn += 1) {
        const copy = await copyOut(postgres.url);
        const { child, peakMb, done } = await makeExport({ databaseUrl: postgres.url, folder, gzip: false });
        if (done.rows !== count) throw new Error(`${done.rows} rows were exported, not ${count}`);
        progress(
          `export: round ${turn} of ${rounds}: COPY ${Math.round((count / copy.wallMs) * 1000)} rows/s, ` +
            `export ${Math.round((count / done.wallMs) * 1000)} rows/s, peak ${Math.round(peakMb)} MB`,
        );
        if (turn > 0) {
          copies.push(copy.wallMs);
          exportsMs.push(done.wallMs);
          peaks.push(peakMb);
        }
        if (turn === rounds) {
          const restMb = processUse(child.pid ?? 0).rssMb;
          const memory = watchMemory(child.pid ?? 0);
          const slow = await download(done, slowBytesPerSecond, 60_000);
          const slowPeakMb = memory.stop();
          const fast = await download(done, Number.POSITIVE_INFINITY, 600_000);
          if (fast.read !== done.bytes) throw new Error(`${fast.read} bytes were read, not ${done.bytes}`);
          figures = {
            csvBytes: done.bytes,
            copyBytes: copy.bytes,
            slowReaderAddsMb: round(Math.max(0, slowPeakMb - restMb)),
            slowReaderReadMb: round(slow.read / 1e6),
            restMb: round(restMb),
          };
        }
        await stopChild(child);
        await rm(folder, { recursive: true, force: true });
      }
      const zipped = await makeExport({ databaseUrl: postgres.url, folder, gzip: true });
      await stopChild(zipped.child);
      return {
        rows: count,
        csvRatioToCopy: round(median(copies) / median(exportsMs)),
        peakRssMb: round(Math.max(...peaks)),
        rowsPerSecond: Math.round((count / median(exportsMs)) * 1000),
        copyRowsPerSecond: Math.round((count / median(copies)) * 1000),
        gzipRowsPerSecond: Math.round((count / zipped.done.wallMs) * 1000),
        gzipBytes: zipped.done.bytes,
        gzipPeakRssMb: round(zipped.peakMb),
        ...figures,
      };
    } finally {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};
