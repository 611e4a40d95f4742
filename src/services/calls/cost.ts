import { Decimal } from 'decimal.js';
import type { Usage } from '../../contract/inference.ts';
import type { Price } from '../../db/runs/inference-repository.ts';

/** Token counts and prices have few digits; 40 keep every product and sum exact. */
const Money = Decimal.clone({ precision: 40 });

/**
 * What an answer cost, in USD, as a decimal string:
 *
 *   ((input − cached) · inputPrice + cached · cachedPrice + (output − reasoning) · outputPrice + reasoning · reasoningPrice) / 1 000 000
 *
 * with `cached` a part of `input` and `reasoning` a part of `output`, as the providers report them. Where no cached
 * (reasoning) price exists, such tokens cost what other input (output) costs, and their number need not be known.
 * Where one exists but the provider didn't report the number, the cost is unknown; only in counts that are our own
 * estimate anyway they are taken as none.
 *
 * @returns null when a count or the price is unknown, or the counts contradict each other; never 0 for unknown.
 */
export const costOfUsage = (usage: Usage | null, price: Price | null): string | null => {
  if (usage === null || price === null) return null;
  const { inputTokens, outputTokens } = usage;
  if (inputTokens === null || outputTokens === null) return null;
  const input = priced(
    inputTokens,
    usage.cachedInputTokens,
    price.inputPerMillion,
    price.cachedInputPerMillion,
    usage,
  );
  const output = priced(
    outputTokens,
    usage.reasoningTokens,
    price.outputPerMillion,
    price.reasoningPerMillion,
    usage,
  );
  if (input === null || output === null) return null;
  return input.plus(output).dividedBy(1_000_000).toFixed();
};

/**
 * An upper bound of what a call costs, in USD: every token at the dearest price that it may have.
 * @returns null when the price is unknown
 */
export const boundCost = (
  tokens: { inputTokens: number; outputTokens: number },
  price: Price | null,
): string | null => {
  if (price === null) return null;
  const dearest = (one: string, other: string | null) => Money.max(one, other ?? one);
  return dearest(price.inputPerMillion, price.cachedInputPerMillion)
    .times(tokens.inputTokens)
    .plus(dearest(price.outputPerMillion, price.reasoningPerMillion).times(tokens.outputTokens))
    .dividedBy(1_000_000)
    .toFixed();
};

const priced = (
  total: number,
  part: number | null,
  price: string,
  partPrice: string | null,
  { estimated }: Usage,
): Decimal | null => {
  if (partPrice === null) return new Money(price).times(total);
  const known = part ?? (estimated ? 0 : null);
  if (known === null || known > total) return null;
  return new Money(price).times(total - known).plus(new Money(partPrice).times(known));
};

/** Whether two costs are the same amount, however many digits each is written with. */
export const isSameCost = (left: string | null, right: string | null): boolean =>
  left === null || right === null ? left === right : new Money(left).equals(right);

/** The sum of the attempts' costs; null as soon as one is unknown, because a sum without it would be too small. */
export const sumCosts = (costs: readonly (string | null)[]): string | null => {
  let sum = new Money(0);
  for (const cost of costs) {
    if (cost === null) return null;
    sum = sum.plus(cost);
  }
  return sum.toFixed();
};
