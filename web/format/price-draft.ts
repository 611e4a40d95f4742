import { describeIssue } from '../../src/contract/describe-issue.ts';
import { CreatePrice } from '../../src/contract/price.ts';
import { toTimestamp } from './format-times.ts';

export type PriceDraft = Record<
  | 'provider'
  | 'model'
  | 'effectiveFrom'
  | 'inputPerMillion'
  | 'cachedInputPerMillion'
  | 'outputPerMillion'
  | 'reasoningPerMillion'
  | 'source',
  string
>;
export const emptyPrice: PriceDraft = {
  provider: '',
  model: '',
  effectiveFrom: '',
  inputPerMillion: '',
  cachedInputPerMillion: '',
  outputPerMillion: '',
  reasoningPerMillion: '',
  source: '',
};
export type PriceFaults = Partial<Record<keyof PriceDraft, string>>;

/** A draft as typed, times in the reader's zone. @returns the price, or what is wrong by field */
export const readPrice = (
  draft: PriceDraft,
): { price: CreatePrice; faults: PriceFaults } | { price: null; faults: PriceFaults } => {
  const text = (name: keyof PriceDraft) => draft[name].trim();
  const parsed = CreatePrice.safeParse({
    provider: text('provider'),
    model: text('model'),
    effectiveFrom: toTimestamp(draft.effectiveFrom) ?? '',
    inputPerMillion: text('inputPerMillion'),
    cachedInputPerMillion: text('cachedInputPerMillion') || null,
    outputPerMillion: text('outputPerMillion'),
    reasoningPerMillion: text('reasoningPerMillion') || null,
    ...(text('source') !== '' && { source: text('source') }),
  });
  if (parsed.success) return { price: parsed.data, faults: {} };
  const faults: PriceFaults = {};
  for (const issue of parsed.error.issues) {
    const name = issue.path[0] as keyof PriceDraft;
    faults[name] ??= name === 'effectiveFrom' ? 'choose a moment' : describeIssue(issue);
  }
  return { price: null, faults };
};
