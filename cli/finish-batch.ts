import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Decimal } from 'decimal.js';
import type { BatchDetail } from '../src/contract/batch.ts';
import { BatchResult } from '../src/contract/batch-item.ts';
import type { Outcome } from '../src/contract/inference.ts';
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
  say(`page:    ${new URL(`/batches/${batch.id}`, session.url)}`);
  say(`API:     GET /api/v1/batches/${batch.id}/items, GET /api/v1/inferences?batchId=${batch.id}`);
  say(`again:   ${commandLine('--attach', batch.id)}`);
  if (repeatable.some((outcome) => (batch.counts.outcomes[outcome] ?? 0) > 0)) {
    say(`retry:   ${commandLine('--retry-failed', batch.id)}`);
  }
  if ((batch.counts.outcomes.budget_skipped ?? 0) > 0) say(capAdvice);
  return answered === batch.planned;
}

/** What asking again may help; what a cap left out it would leave out again. */
const repeatable: readonly Outcome[] = ['provider_error', 'timeout', 'cancelled', 'unknown_outcome'];

const capAdvice = `A question is sent only while the cap has room for its longest answer: start anew with a higher cap, or with shorter
answers (--max-output-tokens).`;

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

/** `10 tokens in, 20 tokens out, 0.25 USD, 2 calls of unknown cost, 0.4 USD of the cap used`. */
export function describeSpent({ spend }: Pick<BatchDetail, 'spend'>): string {
  const { unknownCostCount, inputTokens, outputTokens, budget } = spend;
  const costUsd = new Decimal(spend.costUsd);
  const spentUsd = new Decimal(budget?.spentUsd ?? 0);
  // Nothing known beside something unknown is no sum of 0.
  const isKnown = unknownCostCount === 0 || !costUsd.isZero();
  return [
    `${inputTokens} tokens in, ${outputTokens} tokens out`,
    isKnown ? `${costUsd.toFixed()} USD` : '',
    unknownCostCount === 0
      ? ''
      : `${unknownCostCount} ${unknownCostCount === 1 ? 'call' : 'calls'} of unknown cost`,
    spentUsd.gt(costUsd) ? `counted as ${spentUsd.minus(costUsd).toFixed()} USD of the cap` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}
