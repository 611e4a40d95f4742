// `npm run export`: what is recorded as a file on this machine, however the host makes and sends it.
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Export } from '../src/contract/export.ts';
import { ApiError, createApiCall } from './api-call.ts';
import { checkFolderOf } from './check-folder.ts';
import { createDetachSignal } from './detach-signal.ts';
import { downloadExport } from './download-export.ts';
import { type ExportOptions, exportHelp, parseExportOptions } from './export-options.ts';
import { findHost } from './find-host.ts';
import { barStyle } from './progress-view.ts';
import { UsageError } from './usage-error.ts';

const hostFile = join(import.meta.dirname, '../.data/host.json');
const detachedCode = 130;
const pollMs = 1000;
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

/** @returns the exit code */
async function runExport(options: ExportOptions, signal: AbortSignal): Promise<number> {
  if (options.command === 'help') {
    process.stdout.write(`${exportHelp}\n`);
    return 0;
  }
  await checkFolderOf(options.out);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const isTty = process.stderr.isTTY === true;
  const api = createApiCall({ ...findHost({ url: options.url, env: process.env, hostFile }), signal });
  const get = (id: string) => api.json(`/api/v1/exports/${id}`, Export);
  const begin = (request: object) =>
    api.json('/api/v1/exports', Export, {
      method: 'POST',
      body: JSON.stringify(request),
      headers: { 'content-type': 'application/json' },
    });

  let made = options.command === 'fetch' ? await get(options.id) : await begin(options.request);
  if (options.command === 'make') say(`export ${made.id}`);
  let shown = -1;
  while (made.status === 'running') {
    const line = `${made.rows} rows written, ${megabytes(made.bytes)} MB`;
    // How many there will be nobody knows before they are counted, which takes as long.
    if (isTty) process.stderr.write(`\r${line}`);
    else if (made.rows !== shown) say(line);
    shown = made.rows;
    await api.wait({ ms: pollMs });
    const { id } = made;
    made = await api.retry(() => get(id));
  }
  if (isTty && shown >= 0) say('');
  if (made.status === 'failed') {
    say(`export: ${made.error ?? 'it failed'}`);
    return 1;
  }
  const bar = isTty
    ? new SingleBar({ ...barStyle, format: 'downloading {bar} {percentage}%', stream: process.stderr })
    : null;
  bar?.start(Math.max(1, made.bytes), 0);
  try {
    await downloadExport(api, made, options.out, (bytes) => bar?.update(bytes));
  } finally {
    bar?.stop();
  }
  say(`${options.out}: ${made.rows} rows, ${made.bytes} bytes, SHA-256 ${made.sha256}`);
  return 0;
}

function explain(error: unknown): string {
  if (error instanceof UsageError) return error.message;
  const hint = error instanceof ApiError && error.status === 401 ? ' (the key is taken from SQ_KEY)' : '';
  return `${error instanceof Error ? error.message : String(error)}${hint}`;
}

const signal = createDetachSignal();
try {
  process.exitCode = await runExport(parseExportOptions(process.argv.slice(2)), signal);
} catch (error) {
  process.stderr.write(`export: ${signal.aborted ? 'left before the file was whole' : explain(error)}\n`);
  process.exitCode = signal.aborted ? detachedCode : 2;
}
