import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { createProgressView, describeProgress } from '../../cli/progress-view.ts';
import { exampleBatchDetail, finishedBatch } from '../support/example-batches.ts';

const budget = { reservedUsd: '0', spentTokens: 40, reservedTokens: 0, spentUsd: '0.00123456' };

describe('describeProgress', () => {
  it('tells how far it is, how fast, for how long, at what cost and with which failures', () => {
    const { counts, spend } = finishedBatch({ ok: 1, truncated: 2, timeout: 3 });
    const batch = exampleBatchDetail({
      planned: 10,
      counts: { ...counts, planned: 10, pending: 3, inProgress: 1 },
      spend: { ...spend, budget: { ...budget, maxCostUsd: '0.5', maxTokens: null } },
      itemsPerSecond: 3.1234,
      etaSeconds: 7800,
    });
    expect(describeProgress(batch)).toBe(
      '6/10 done, 3.1/s, about 2 h 10 min left, 0.001235 of 0.5 USD, 3 failed',
    );
  });

  it('leaves out what is not known', () => {
    expect(describeProgress(exampleBatchDetail())).toBe('0/2 done');
    expect(describeProgress(exampleBatchDetail({ status: 'paused' }))).toBe('0/2 done, paused');
  });
});

describe('createProgressView', () => {
  it('writes a line every few seconds, on a change of status, and the last state', () => {
    const stream = new PassThrough();
    let now = 0;
    const progress = createProgressView({ stream, now: () => now });
    const { counts } = exampleBatchDetail();
    const later = (ms: number, pending: number) => {
      now += ms;
      const outcomes = { ...counts.outcomes, ok: 2 - pending };
      progress.show(exampleBatchDetail({ counts: { ...counts, pending, outcomes } }));
    };
    progress.show(exampleBatchDetail({ status: 'queued' }));
    later(100, 2);
    later(100, 1);
    later(6_000, 1);
    later(100, 0);
    progress.stop();
    expect(String(stream.read())).toBe('0/2 done, queued\n0/2 done\n1/2 done\n2/2 done\n');
  });
});
