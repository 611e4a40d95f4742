import { AppError } from '../../src/errors.ts';
import type { PriceService, StudyService } from '../../src/services/study/study-service.ts';

const state = { asOf: '2026-01-02T03:04:05.000Z', source: 'rollup' as const };
const sums = {
  runCount: 1,
  inputTokens: 1,
  cachedInputTokens: null,
  outputTokens: 1,
  reasoningTokens: null,
  unknownTokensCount: 0,
  costUsd: '0.000012',
  unknownCostCount: 0,
  outcomeCounts: { ok: 1 },
  sendingCount: 0,
  successRate: { count: 1, of: 1, value: 1, low: 0.2, high: 1 },
  errorRate: { count: 0, of: 1, value: 0, low: 0, high: 0.8 },
};

/** Figures in memory, of one run and of two batches. */
export const fakeStudies = (knownId: string): StudyService => ({
  summary: async () => ({ ...state, ...sums, models: [{ provider: 'echo', model: 'echo-1', runCount: 1 }] }),
  compare: async ({ by }) => ({
    ...state,
    by,
    rows: [
      {
        ...sums,
        key: 'echo',
        latencyMs: null,
        firstTokenMs: null,
        tokensPerSecond: null,
        costPerSuccessUsd: '0.000012',
      },
    ],
    omittedRowCount: 0,
  }),
  timeseries: async ({ bucket, measure, split }) => ({
    ...state,
    bucket,
    measure,
    split: split ?? null,
    series: [{ key: null, points: [{ start: state.asOf, runCount: 1, value: 1 }] }],
    omittedSeriesCount: 0,
  }),
  distribution: async ({ of }) => ({
    ...state,
    of,
    count: 1,
    unknownCount: 0,
    p50: { value: 5, low: null, high: null },
    p95: null,
    p99: null,
    bins: [{ from: 4.9, to: 5, count: 1 }],
  }),
  recent: async () => ({ data: [] }),
  counterfactual: async ({ targetProvider, targetModel }) => ({
    ...state,
    provider: targetProvider,
    model: targetModel,
    at: state.asOf,
    priceId: null,
    runCount: 1,
    pricedCount: 0,
    unpricedCount: 1,
    costUsd: null,
    compared: { runCount: 0, costUsd: null, actualCostUsd: null },
  }),
  versus: async (a, b, { targetA, targetB }) => {
    if (a !== knownId || b !== knownId) throw new AppError('not_found', 'There is no such batch.');
    const side = { batchId: knownId, provider: 'echo', model: 'echo-1' };
    return {
      a: { ...side, targetIndex: targetA },
      b: { ...side, targetIndex: targetB },
      bothCount: 1,
      onlyInACount: 0,
      onlyInBCount: 0,
      unsettledCount: 0,
      unaskedCount: 0,
      outcomes: [{ a: 'ok', b: 'ok', count: 1 }],
      success: {
        okInBoth: 1,
        okOnlyInA: 0,
        okOnlyInB: 0,
        okInNeither: 0,
        mcnemarMidP: 1,
        difference: null,
      },
      latencyMs: null,
      costUsd: null,
    };
  },
  rollUp: async () => 0,
  rebuildRollups: async () => ({ hoursRebuilt: 0, hoursRemaining: 0, nextFrom: null }),
  checkRollups: async () => ({
    from: state.asOf,
    to: state.asOf,
    isEqual: true,
    hoursChecked: 0,
    hoursPending: 0,
    differenceCount: 0,
    differences: [],
    nextFrom: null,
  }),
});

export const fakePrices = (knownId: string): PriceService => ({
  list: async () => ({ data: [], nextCursor: null }),
  add: async (price) => ({ ...price, id: knownId }),
  recost: async () => ({
    examinedCount: 0,
    changedCount: 0,
    unknownCount: 0,
    costUsdBefore: null,
    costUsdAfter: null,
    nextCursor: null,
  }),
});
