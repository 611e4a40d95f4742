import { SingleBar } from 'cli-progress';
import { Decimal } from 'decimal.js';
import type { BatchDetail } from '../src/contract/batch.ts';

export type ProgressView = {
  show(detail: BatchDetail): void;
  /** Leaves the last state behind. */
  stop(): void;
};

/** Between two lines where there is no terminal. */
const lineMs = 5_000;

/** Of every bar on a terminal. */
export const barStyle = {
  barsize: 24,
  barCompleteChar: '█',
  barIncompleteChar: '░',
  hideCursor: true,
};

/** A live bar on a terminal; elsewhere a plain line every few seconds and whenever the status changes. */
export function createProgressView(options: {
  stream: NodeJS.WritableStream & { isTTY?: boolean };
  now?: () => number;
}): ProgressView {
  return options.stream.isTTY === true
    ? liveBar(options.stream)
    : plainLines(options.stream, options.now ?? Date.now);
}

function liveBar(stream: NodeJS.WritableStream): ProgressView {
  const bar = new SingleBar({ ...barStyle, format: '{bar} {words}', stream });
  let isStarted = false;
  return {
    show(detail) {
      const done = settledOf(detail);
      const payload = { words: describeProgress(detail) };
      if (isStarted) bar.update(done, payload);
      else bar.start(detail.planned, done, payload);
      isStarted = true;
    },
    stop() {
      if (isStarted) bar.stop();
    },
  };
}

function plainLines(stream: NodeJS.WritableStream, now: () => number): ProgressView {
  let shown = '';
  let shownAt = Number.NEGATIVE_INFINITY;
  let status = '';
  let pending = '';
  const write = (line: string) => {
    if (line !== shown) stream.write(`${line}\n`);
    shown = line;
    shownAt = now();
    pending = '';
  };
  return {
    show(detail) {
      const line = describeProgress(detail);
      if (detail.status !== status || now() - shownAt >= lineMs) write(line);
      else pending = line;
      status = detail.status;
    },
    stop: () => {
      if (pending !== '') write(pending);
    },
  };
}

const settledOf = ({ planned, counts }: BatchDetail) => planned - counts.pending - counts.inProgress;

/** `12/24 done, 3.1/s, about 4 s left, 0.0012 of 0.5 USD, 1 failed`; what is not known is left out. */
export function describeProgress(detail: BatchDetail): string {
  const { status, counts, planned, itemsPerSecond, etaSeconds, spend } = detail;
  const settled = settledOf(detail);
  const { ok = 0, truncated = 0 } = counts.outcomes;
  const failed = settled - ok - truncated;
  const isRunning = status === 'running';
  return [
    `${settled}/${planned} done`,
    isRunning && itemsPerSecond !== null ? `${itemsPerSecond.toFixed(itemsPerSecond < 10 ? 1 : 0)}/s` : '',
    isRunning && etaSeconds !== null && settled < planned ? `about ${describeSeconds(etaSeconds)} left` : '',
    describeSpend(spend),
    failed > 0 ? `${failed} failed` : '',
    isRunning ? '' : status,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

function describeSpend({ budget, costUsd }: BatchDetail['spend']): string {
  const short = (usd: string) => new Decimal(usd).toSignificantDigits(4).toFixed();
  const caps = [
    budget?.maxCostUsd ? `${short(budget.spentUsd)} of ${short(budget.maxCostUsd)} USD` : '',
    budget?.maxTokens ? `${budget.spentTokens} of ${budget.maxTokens} tokens` : '',
  ].filter((part) => part !== '');
  if (caps.length > 0) return caps.join(' and ');
  return Number(costUsd) === 0 ? '' : `${short(costUsd)} USD`;
}

/** `40 s`, `5 min`, `2 h 10 min`. */
function describeSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
