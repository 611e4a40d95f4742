import { describe, expect, it } from '@jest/globals';
import { listCauses, renderAnswerTable } from '../../cli/answer-table.ts';
import { createAnswerTally, type TalliedAnswer } from '../../cli/answer-tally.ts';

const answer = (part: Partial<TalliedAnswer>): TalliedAnswer => ({
  provider: 'a',
  outcome: 'ok',
  detail: null,
  usage: null,
  costUsd: null,
  latencyMs: null,
  error: null,
  ...part,
});
const usage = (inputTokens: number | null, outputTokens: number | null) => ({
  inputTokens,
  outputTokens,
  cachedInputTokens: null,
  reasoningTokens: null,
  estimated: false,
});
const tallyOf = (...answersByTarget: Partial<TalliedAnswer>[][]) => {
  const tally = createAnswerTally(answersByTarget.length);
  for (const [index, answers] of answersByTarget.entries()) {
    for (const part of answers) tally.add(index, answer(part));
  }
  return tally;
};
const cells = (report: string, row: number) =>
  report
    .split('\n')
    .filter((line) => line.startsWith('│'))
    [row]?.split('│')
    .slice(1, -1)
    .map((cell) => cell.trim());
const targets = ['a', 'b'].map((provider) => ({ provider, model: 'm' }));

describe('renderAnswerTable', () => {
  it('counts outcomes, sums decimals exactly and takes percentiles that were measured', () => {
    const tally = tallyOf([
      ...[10, 20, 30, 40].map((latencyMs) => ({ latencyMs, usage: usage(5, 7), costUsd: '0.1' })),
      { outcome: 'provider_error', latencyMs: 9000, costUsd: '0.0000000001' },
      { outcome: 'content_filtered', usage: usage(9, 0), costUsd: '0' },
    ]);
    const table = renderAnswerTable(targets, tally, false);
    expect(cells(table, 0)?.slice(2, 6)).toEqual([
      'answered',
      'failed',
      'content_filtered',
      'provider_error',
    ]);
    expect(cells(table, 1)).toEqual([
      ...['a', 'm', '4', '2', '1', '1', '29', '28', '0.4000000001', '20', '40'],
    ]);
  });

  it('shows what is unknown as –, never as 0', () => {
    const tally = tallyOf([{ usage: usage(3, null) }, { usage: usage(null, null), costUsd: '2' }], []);
    const table = renderAnswerTable(targets, tally, false);
    expect(cells(table, 1)).toEqual(['a', 'm', '2', '0', '3 (1 unknown)', '–', '2 (1 unknown)', '–', '–']);
    expect(cells(table, 2)).toEqual(['b', 'm', '0', '0', '–', '–', '–', '–', '–']);
  });

  it('counts the money of a shared answer once, and knows that a skipped item cost nothing', () => {
    const tally = tallyOf([
      { costUsd: '2', usage: usage(3, 4), latencyMs: 5, inferenceId: 'i', sharedFrom: null },
      { costUsd: '2', usage: usage(3, 4), latencyMs: 5, inferenceId: 'i', sharedFrom: 0 },
      { outcome: 'budget_skipped', inferenceId: null, sharedFrom: null },
    ]);
    const table = renderAnswerTable(targets, tally, false);
    expect(cells(table, 1)).toEqual(['a', 'm', '2', '1', '1', '3', '4', '2', '5', '5']);
  });

  it('has colours on a terminal only', () => {
    expect(renderAnswerTable(targets, tallyOf([{}]), false)).not.toContain('\u001b');
    expect(renderAnswerTable(targets, tallyOf([{}]), true)).toContain('\u001b[');
  });
});

describe('listCauses', () => {
  it('names each cause once, the most frequent first, and a cut answer is none', () => {
    const error = { code: 'server_error', message: 'broken', retryable: true };
    const tally = tallyOf([
      { outcome: 'timeout' },
      { outcome: 'provider_error', error },
      { outcome: 'provider_error', error },
      { outcome: 'truncated' },
    ]);
    expect(listCauses(tally)).toEqual(['2 × a: provider_error: broken', '1 × a: timeout']);
  });

  it('keeps control characters from the terminal, and is short', () => {
    const failed = (message: string) => ({
      outcome: 'provider_error' as const,
      error: { code: 'server_error', message, retryable: true },
    });
    const lines = listCauses(tallyOf(Array.from({ length: 13 }, (_, index) => failed(`\u001b[31m${index}`))));
    expect(lines).toHaveLength(11);
    expect(lines[0]).toBe('1 × a: provider_error:  [31m0');
    expect(lines[10]).toBe('3 × other causes');
  });
});
