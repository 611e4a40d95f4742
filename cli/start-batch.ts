import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { SingleBar } from 'cli-progress';
import type { BatchDetail, BatchEstimate } from '../src/contract/batch.ts';
import type { NewBatch } from './batch-client.ts';
import type { BatchOptions } from './batch-options.ts';
import type { BatchSession } from './batch-session.ts';
import { barStyle } from './progress-view.ts';
import { UsageError } from './usage-error.ts';

type RunOptions = Extract<BatchOptions, { command: 'run' }>;

/** @returns the started batch; null when only the estimate was wanted, or the user said no. @throws as the client does */
export async function startBatch(
  session: BatchSession,
  options: RunOptions,
): Promise<BatchDetail | 'estimated' | 'declined'> {
  const { batches, steadyBatches, say, signal } = session;
  const uploadId = await upload(session, options.file);
  const batch: NewBatch = { ...options.definition, uploadId };
  say(describeEstimate(await batches.estimateBatch(batch), options.definition.maxCostUsd));
  if (options.estimateOnly) return 'estimated';
  if (options.ask && session.isTty && process.stdin.isTTY && !(await confirm(signal))) return 'declined';
  signal.throwIfAborted();
  // From here on the answer is waited for: otherwise nobody would know whether the batch runs.
  return steadyBatches.createBatch(batch, { idempotencyKey: randomUUID() });
}

/** @throws {UsageError} when there is no such file, nothing in it, or a table. */
export async function checkQuestionFile(file: string): Promise<void> {
  const found = await stat(file).catch(() => null);
  if (found === null) throw new UsageError(`${file} does not exist`);
  if (!found.isFile()) throw new UsageError(`${file} is no file`);
  if (found.size === 0) throw new UsageError(`${file} is empty`);
  if (/\.[ct]sv$/i.test(file)) {
    throw new UsageError(
      `${file} is a table, and questions are JSON lines: docs/batches.md makes them of a CSV`,
    );
  }
}

async function upload({ batches, stream, isTty, say }: BatchSession, file: string): Promise<string> {
  const bar = isTty ? new SingleBar({ ...barStyle, format: 'uploading {bar} {percentage}%', stream }) : null;
  let isStarted = false;
  try {
    const { id, bytes } = await batches.uploadFile(file, {
      onProgress({ readBytes, fileBytes }) {
        if (!isStarted) bar?.start(fileBytes, 0);
        isStarted = true;
        bar?.update(Math.min(readBytes, fileBytes));
      },
    });
    if (!isTty) say(`uploaded ${file} (${bytes} bytes, compressed)`);
    return id;
  } finally {
    if (isStarted) bar?.stop();
  }
}

/** `24 questions, at most 0.12 USD`. */
export function describeEstimate(estimate: BatchEstimate, cap: string | undefined): string {
  const { planned, asked, maxCostUsd } = estimate;
  const unpriced = estimate.targets
    .filter((target) => target.maxCostUsd === null)
    .map(({ provider, model }) => `${model} (${provider})`);
  return [
    `${planned} ${planned === 1 ? 'question' : 'questions'}`,
    asked < planned ? `${asked} of them asked, the others share an answer` : '',
    maxCostUsd === null ? `unknown price of ${unpriced.join(', ')}` : `at most ${maxCostUsd} USD`,
    cap === undefined ? '' : `limited to ${cap} USD`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

async function confirm(signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    // On a terminal readline itself takes ctrl-C, and ctrl-D ends the input.
    terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
    const answer = await Promise.race([terminal.question('Start it? (y/N) ', { signal }), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    terminal.close();
  }
}
