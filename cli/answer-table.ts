import Table from 'cli-table3';
import pc from 'picocolors';
import type { AnswerTally, PartialSum, TargetTally } from './answer-tally.ts';

export type Target = { provider: string; model: string };

const unknown = '–';
const maxCauses = 10;

/**
 * One line for each target: what it answered, what that took and cost, with a column for each way to fail that occurred.
 * What is not known shows as –, never as 0.
 */
export function renderAnswerTable(targets: readonly Target[], tally: AnswerTally, isTty: boolean): string {
  const outcomes = [...new Set(tally.targets.flatMap((target) => [...target.outcomes.keys()]))]
    .filter((outcome) => outcome !== 'ok')
    .toSorted();
  const head = [
    ...['provider', 'model', 'answered', 'failed', ...outcomes],
    ...['tokens in', 'tokens out', 'cost USD', 'p50 ms', 'p95 ms'],
  ];
  // The table's own colours ask the environment; ours the terminal alone.
  const { cyan } = pc.createColors(isTty);
  const table = new Table({
    head: head.map((title) => cyan(title)),
    colAligns: head.map((_, index) => (index < 2 ? 'left' : 'right')),
    style: { head: [], border: [] },
  });
  for (const [index, { provider, model }] of targets.entries()) {
    const target = tally.targets[index];
    if (target === undefined) continue;
    table.push([
      provider,
      model,
      String(target.answered),
      String(target.failed),
      ...outcomes.map((outcome) => String(target.outcomes.get(outcome) ?? 0)),
      ...measuresOf(target),
    ]);
  }
  return table.toString();
}

/** Causes of failures with how often they occurred, one a line; empty when nothing failed. */
export function listCauses(tally: AnswerTally): string[] {
  const failures = tally.failures();
  const rest = failures.slice(maxCauses).reduce((sum, { count }) => sum + count, 0);
  return [
    ...failures.slice(0, maxCauses).map(({ cause, count }) => `${count} × ${cause}`),
    ...(rest === 0 ? [] : [`${rest} × other causes`]),
  ];
}

function measuresOf(target: TargetTally): string[] {
  const sorted = target.latenciesMs.toSorted((one, other) => one - other);
  return [
    textOf(target.inputTokens),
    textOf(target.outputTokens),
    textOf(target.costUsd),
    percentile(sorted, 0.5),
    percentile(sorted, 0.95),
  ];
}

/** A sum of which a part is unknown says how much is left out. */
function textOf({ known, unknown: missing, sum }: PartialSum): string {
  if (known === 0) return unknown;
  return missing === 0 ? sum.toFixed() : `${sum.toFixed()} (${missing} unknown)`;
}

/** Nearest rank: a value that was measured, not one between two. */
function percentile(sorted: readonly number[], share: number): string {
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  return value === undefined ? unknown : String(Math.round(value));
}
