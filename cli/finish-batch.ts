import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { BatchDetail } from '../src/contract/batch.ts';
import { BatchResult } from '../src/contract/batch-item.ts';
import { listCauses, renderAnswerTable } from './answer-table.ts';
import { type AnswerTally, createAnswerTally } from './answer-tally.ts';
import type { BatchClient } from './batch-client.ts';
import type { ResultsTarget } from './batch-options.ts';
import type { BatchSession } from './batch-session.ts';
import { createProgressView } from './progress-view.ts';

/** Shows the batch until it is finished. @throws as the client does */
export async function watchBatch(session: BatchSession, id: string): Promise<BatchDetail> {
  const { batches, stream, signal, say, commandLine, isTty } = session;
  const progress = createProgressView({ stream });
  let last: BatchDetail | null = null;
  let saidPaused = false;
  try {
    for await (const detail of batches.followBatch(id, { signal })) {
      if (detail.status === 'paused' && !saidPaused && !isTty) {
        say(`It is paused. To go on: ${commandLine('--resume', id)}`);
        saidPaused = true;
      }
      last = detail;
      progress.show(detail);
    }
  } finally {
    progress.stop();
  }
  return last ?? batches.getBatch(id);
}

/** The table, the causes of failures, and where everything is. @returns whether all questions were answered */
export async function summarizeBatch(
  session: BatchSession,
  batch: BatchDetail,
  results: ResultsTarget,
): Promise<boolean> {
  const { batches, isTty, say, commandLine } = session;
  const { ok = 0, truncated = 0 } = batch.counts.outcomes;
  const answered = ok + truncated;
  const tally = createAnswerTally(batch.targets.length);
  await readResults(batches, batch.id, tally, results);
  say('');
  say(renderAnswerTable(batch.targets, tally, isTty));
  for (const line of listCauses(tally)) say(line);
  say('');
  say(`${answered} of ${batch.planned} answered, ${describeSpent(batch)}`);
  if (results !== null) say(`answers: ${results.file}`);
  say(`again:   ${commandLine('--attach', batch.id)}`);
  say(`API:     GET /api/v1/batches/${batch.id}/items, GET /api/v1/inferences?batchId=${batch.id}`);
  if (answered === batch.planned) return true;
  say(`retry:   ${commandLine('--retry-failed', batch.id)}`);
  return false;
}

/** Counts all results, and writes them where they are wanted: a file that is not complete never has the wanted name. */
async function readResults(
  batches: BatchClient,
  id: string,
  tally: AnswerTally,
  results: ResultsTarget,
): Promise<void> {
  const tallied = async function* () {
    for await (const line of batches.resultLines(id, 'native')) {
      const result = BatchResult.parse(JSON.parse(line));
      tally.add(result.targetIndex, result);
      yield `${line}\n`;
    }
  };
  if (results?.format !== 'native') for await (const _ of tallied());
  if (results === null) return;
  const unfinished = `${results.file}.part`;
  const lines = async function* () {
    for await (const line of batches.resultLines(id, results.format)) yield `${line}\n`;
  };
  await pipeline(results.format === 'native' ? tallied : lines, createWriteStream(unfinished));
  await rename(unfinished, results.file);
}

function describeSpent({ spend }: BatchDetail): string {
  const { costUsd, unknownCostCount, inputTokens, outputTokens } = spend;
  const cost =
    unknownCostCount === 0
      ? `${costUsd} USD`
      : `${costUsd} USD and ${unknownCostCount} ${unknownCostCount === 1 ? 'call' : 'calls'} of unknown cost`;
  return `${inputTokens} tokens in, ${outputTokens} tokens out, ${cost}`;
}
