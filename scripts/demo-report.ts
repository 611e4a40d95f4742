import Table from 'cli-table3';
import { Decimal } from 'decimal.js';
import type { Inference } from '../src/contract/inference.ts';

export type Target = { provider: string; model: string };

const unknown = '–';

/** One line for each provider: what it answered, what that took and cost. What is not known shows as –, never as 0. */
export function renderReport(
  targets: readonly Target[],
  inferences: readonly Inference[],
  isTty: boolean,
): string {
  const table = new Table({
    head: [
      'provider',
      'model',
      'answered',
      'failed',
      'tokens in',
      'tokens out',
      'cost USD',
      'p50 ms',
      'p95 ms',
    ],
    colAligns: ['left', 'left', ...Array.from({ length: 7 }, () => 'right' as const)],
    style: isTty ? { head: ['cyan'], border: ['gray'] } : { head: [], border: [] },
  });
  for (const target of targets) {
    const runs = inferences.filter(
      ({ provider, model }) => provider === target.provider && model === target.model,
    );
    const answered = runs.filter(isAnswered);
    const latencies = answered.flatMap(({ latencyMs }) => (latencyMs === null ? [] : [latencyMs]));
    const sum = (values: readonly (number | null | undefined)[]) =>
      values.length === 0
        ? unknown
        : total(values.map((value) => (value == null ? null : new Decimal(value))));
    table.push([
      target.provider,
      target.model,
      String(answered.length),
      String(runs.length - answered.length),
      sum(answered.map(({ usage }) => usage?.inputTokens)),
      sum(answered.map(({ usage }) => usage?.outputTokens)),
      total(runs.map(({ costUsd }) => (costUsd === null ? null : new Decimal(costUsd)))),
      percentile(latencies, 0.5),
      percentile(latencies, 0.95),
    ]);
  }
  return table.toString();
}

/** Why questions failed, the most frequent reason first; empty when none did. */
export function listFailures(inferences: readonly Inference[]): string[] {
  const reasons = inferences
    .filter((inference) => !isAnswered(inference))
    .map(({ provider, outcome, error }) => {
      const message = error === null ? '' : `: ${error.message.slice(0, 200)}`;
      return `${provider}: ${outcome ?? 'still sending'}${message}`;
    });
  return [...Map.groupBy(reasons, (reason) => reason)]
    .toSorted(([, one], [, other]) => other.length - one.length)
    .map(([reason, { length }]) => `${length} × ${reason}`);
}

/** A cut answer is an answer, too. */
export const isAnswered = ({ outcome }: Inference): boolean => outcome === 'ok' || outcome === 'truncated';

/** A sum of which a part is unknown says how much is left out. */
function total(values: readonly (Decimal | null)[]): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return unknown;
  const text = Decimal.sum(...known).toFixed();
  return known.length === values.length ? text : `${text} (${values.length - known.length} unknown)`;
}

/** Nearest rank: a value that was measured, not one between two. */
function percentile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((one, other) => one - other);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  return value === undefined ? unknown : String(Math.round(value));
}
