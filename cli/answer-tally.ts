import { Decimal } from 'decimal.js';
import type { Inference, Outcome } from '../src/contract/inference.ts';

/** What the summary needs of an inference or of a result of a batch. */
export type TalliedAnswer = Pick<
  Inference,
  'provider' | 'outcome' | 'detail' | 'usage' | 'costUsd' | 'latencyMs' | 'error'
> & {
  /** Results of a batch only. null: it was never asked, so nothing about its cost is unknown. */
  inferenceId?: string | null;
  /** Results of a batch only. Not null: another item's answer, whose tokens and money are counted there. */
  sharedFrom?: number | null;
};

/** A sum of what is known, and how many values are not. */
export type PartialSum = { known: number; unknown: number; sum: Decimal };

export type TargetTally = {
  answered: number;
  failed: number;
  outcomes: Map<Outcome | 'still sending', number>;
  inputTokens: PartialSum;
  outputTokens: PartialSum;
  costUsd: PartialSum;
  /** Of answers only. */
  latenciesMs: number[];
};

export type AnswerTally = {
  add(targetIndex: number, answer: TalliedAnswer): void;
  /** In the order of the targets. */
  targets: readonly TargetTally[];
  /** Why questions failed, the most frequent cause first. */
  failures(): { cause: string; count: number }[];
};

/** A cut answer is an answer, too. */
export const isAnswered = ({ outcome }: Pick<Inference, 'outcome'>): boolean =>
  outcome === 'ok' || outcome === 'truncated';

/** Counts answers one by one, so that a batch of any size fits. */
export function createAnswerTally(targetCount: number): AnswerTally {
  const targets = Array.from({ length: targetCount }, emptyTally);
  const causes = new Map<string, number>();
  return {
    targets,
    add(targetIndex, answer) {
      const target = targets[targetIndex];
      if (target === undefined) throw new Error(`there is no target ${targetIndex}`);
      const outcome = answer.outcome ?? 'still sending';
      target.outcomes.set(outcome, (target.outcomes.get(outcome) ?? 0) + 1);
      const isOwn = (answer.sharedFrom ?? null) === null;
      if (isOwn && answer.inferenceId !== null) addTo(target.costUsd, answer.costUsd);
      // Of a failure usage is rarely told: what is told counts, and what is not makes no sum unknown.
      if (isOwn && (isAnswered(answer) || answer.usage !== null)) {
        addTo(target.inputTokens, answer.usage?.inputTokens);
        addTo(target.outputTokens, answer.usage?.outputTokens);
      }
      if (!isAnswered(answer)) {
        target.failed++;
        const cause = causeOf(answer);
        causes.set(cause, (causes.get(cause) ?? 0) + 1);
        return;
      }
      target.answered++;
      if (isOwn && answer.latencyMs !== null) target.latenciesMs.push(answer.latencyMs);
    },
    failures: () =>
      [...causes]
        .map(([cause, count]) => ({ cause, count }))
        .toSorted((one, other) => other.count - one.count),
  };
}

const emptySum = (): PartialSum => ({ known: 0, unknown: 0, sum: new Decimal(0) });

const emptyTally = (): TargetTally => ({
  answered: 0,
  failed: 0,
  outcomes: new Map(),
  inputTokens: emptySum(),
  outputTokens: emptySum(),
  costUsd: emptySum(),
  latenciesMs: [],
});

function addTo(sum: PartialSum, value: string | number | null | undefined): void {
  if (value === null || value === undefined) {
    sum.unknown++;
    return;
  }
  sum.known++;
  sum.sum = sum.sum.plus(value);
}

function causeOf({ provider, outcome, detail, error }: TalliedAnswer): string {
  const words = error?.message ?? detail;
  // A provider's words must not steer the terminal.
  const said = words === null ? '' : `: ${words.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 200)}`;
  return `${provider}: ${outcome ?? 'still sending'}${said}`;
}
