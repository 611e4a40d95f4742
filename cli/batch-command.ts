// `npm run batch`: a file of questions as one durable batch on a host, watched from here.
import { join } from 'node:path';
import { ApiError, ConnectionError, createApiCall } from './api-call.ts';
import { type BatchClient, createBatchClient } from './batch-client.ts';
import { batchHelp } from './batch-help.ts';
import { type BatchAction, type BatchOptions, parseBatchOptions } from './batch-options.ts';
import type { BatchSession } from './batch-session.ts';
import { checkFolderOf } from './check-folder.ts';
import { createDetachSignal } from './detach-signal.ts';
import { findHost } from './find-host.ts';
import { summarizeBatch, watchBatch } from './finish-batch.ts';
import { checkQuestionFile, startBatch } from './start-batch.ts';

const hostFile = join(import.meta.dirname, '../.data/host.json');
const detachedCode = 130;
const maxFaults = 20;

const actions: Record<BatchAction, (batches: BatchClient, id: string) => Promise<{ status: string }>> = {
  pause: (batches, id) => batches.pauseBatch(id),
  resume: (batches, id) => batches.resumeBatch(id),
  cancel: (batches, id) => batches.cancelBatch(id),
  'retry-failed': (batches, id) => batches.retryFailed(id),
};

function openSession(url: string | undefined, signal: AbortSignal): BatchSession {
  const host = findHost({ url, env: process.env, hostFile });
  const stream = process.stdout;
  const place = url === undefined ? [] : ['--url', url];
  return {
    batches: createBatchClient(createApiCall({ ...host, signal })),
    steadyBatches: createBatchClient(createApiCall(host)),
    url: host.url,
    stream,
    isTty: stream.isTTY === true,
    say: (line) => stream.write(`${line}\n`),
    signal,
    commandLine: (...words) => ['npm run batch --', ...words, ...place].join(' '),
  };
}

/** @returns the exit code */
async function runBatchCommand(options: BatchOptions, signal: AbortSignal): Promise<number> {
  if (options.command === 'help') {
    process.stdout.write(`${batchHelp}\n`);
    return 0;
  }
  if (options.command === 'run') await checkQuestionFile(options.file);
  if (options.command !== 'act' && options.results !== null) await checkFolderOf(options.results.file);
  const session = openSession(options.url, signal);
  if (options.command === 'act') {
    const { status } = await actions[options.action](session.batches, options.id);
    session.say(`batch ${options.id}: ${status}`);
    session.say(`to watch it: ${session.commandLine('--attach', options.id)}`);
    return 0;
  }
  let id = options.command === 'attach' ? options.id : null;
  try {
    // A wrong id or address is known at once; once it has answered, a host that is away is waited for.
    if (options.command === 'attach') await session.batches.getBatch(options.id);
    if (options.command === 'run') {
      const started = await startBatch(session, options);
      if (started === 'estimated') return 0;
      if (started === 'declined') {
        session.say('Nothing was started.');
        return detachedCode;
      }
      id = started.id;
      session.say(`batch ${id}`);
    }
    return id !== null && (await summarizeBatch(session, await watchBatch(session, id), options.results))
      ? 0
      : 1;
  } catch (error) {
    if (!signal.aborted) {
      if (id !== null && error instanceof ConnectionError) {
        session.say(
          `What became of the batch is not known here. To see: ${session.commandLine('--attach', id)}`,
        );
      }
      throw error;
    }
    session.say(
      id === null
        ? 'Nothing was started.'
        : `The batch goes on. To come back: ${session.commandLine('--attach', id)}`,
    );
    return detachedCode;
  }
}

/** A refusal with its faults one a line: they name lines of the file. */
function explain(error: unknown): string {
  if (error instanceof ApiError && error.problem !== null) {
    const { detail, errors } = error.problem;
    const faults = errors.slice(0, maxFaults).map(({ pointer, message }) => `  ${pointer}: ${message}`);
    const more = errors.length > maxFaults ? [`  and ${errors.length - maxFaults} more`] : [];
    const hint = error.status === 401 ? ' (the key is taken from SQ_KEY)' : '';
    return [`${detail}${hint}`, ...faults, ...more].join('\n');
  }
  return error instanceof Error ? error.message : String(error);
}

// Whoever reads the output has gone: so do we. The batch runs on.
process.stdout.on('error', () => process.exit(detachedCode));
try {
  process.exitCode = await runBatchCommand(parseBatchOptions(process.argv.slice(2)), createDetachSignal());
} catch (error) {
  process.stderr.write(`batch: ${explain(error)}\n`);
  process.exitCode = 2;
}
