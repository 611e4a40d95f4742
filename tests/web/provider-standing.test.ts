import { expect, it } from '@jest/globals';
import type { ProviderCondition } from '../../src/contract/provider-info.ts';
import { standingOf } from '../../web/format/provider-standing.ts';

const share = (value: number) => ({ count: 0, of: 10, value, low: 0, high: 1 });
const fine: ProviderCondition = {
  ...{ name: 'p', blockedUntil: null, paceShare: 1, runCount: 10, latencyMs: null },
  ...{ successRate: share(1), errorRate: share(0) },
};

it.each<[Partial<ProviderCondition>, string, RegExp]>([
  [{}, 'good', /^answers$/],
  [{ errorRate: share(0.1) }, 'warn', /^unsteady$/],
  [{ errorRate: share(0.5) }, 'bad', /^failing$/],
  [{ errorRate: null, runCount: 0 }, 'quiet', /^not asked lately$/],
  [{ paceShare: 0.25, errorRate: share(1) }, 'warn', /^slowed to 25 %$/],
  [{ paceShare: 0.25, blockedUntil: '2026-01-02T03:04:05Z' }, 'bad', /^left alone until \d\d:04:05$/],
])('%j of a provider is %s', (part, tone, word) => {
  expect(standingOf({ ...fine, ...part })).toEqual({ tone, word: expect.stringMatching(word) });
});
