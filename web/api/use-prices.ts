import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { type CreatePrice, Price, PricePage } from '../../src/contract/price.ts';
import { RecostReport, type RecostRuns } from '../../src/contract/recost.ts';
import { StudyComparison, StudyTimeseries } from '../../src/contract/study.ts';
import { addReports } from '../format/add-reports.ts';
import { getJson, sendJson } from './http-client.ts';
import { useSummary } from './use-study.ts';

const path = '/api/v1/prices';
const studyPath = '/api/v1/study';
const key = ['prices'];

const readBook = async (signal: AbortSignal): Promise<Price[]> => {
  const prices: Price[] = [];
  let cursor: string | undefined;
  do {
    const page: PricePage = await getJson(PricePage, path, { limit: 200, cursor }, signal);
    prices.push(...page.data);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return prices;
};

/** The whole book, latest first: prices change a few times a year. */
export const usePrices = (enabled = true) =>
  useQuery({ queryKey: key, queryFn: ({ signal }) => readBook(signal), staleTime: 60_000, enabled });

export const useAddPrice = () => {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (price: CreatePrice) => sendJson(Price, 'POST', path, price),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: key }),
  });
};

export type RecostRequest = Pick<RecostRuns, 'filter' | 'runs' | 'preview'>;

/** To the end, however often the API stops on the way. */
const recost = async (request: RecostRequest): Promise<RecostReport> => {
  const send = (more: object): Promise<RecostReport> =>
    sendJson(RecostReport, 'POST', `${studyPath}/recost`, { ...request, ...more });
  let report = await send({});
  while (report.nextCursor !== null) report = addReports(report, await send({ cursor: report.nextCursor }));
  return report;
};

export const useRecost = () => {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: recost,
    // Costs stand in every list and every figure.
    onSuccess: (_, { preview }) => (preview ? undefined : queryClient.invalidateQueries()),
  });
};

/** A model that has answered `runCount` times at a cost nobody knows. */
export type UnpricedModel = { provider: string; model: string; runCount: number };

/** Models in use whose answers have no cost, most of them first. */
export const useUnpricedModels = () => {
  const summary = useSummary({ outcome: 'ok' });
  const providers = [...new Set(summary.data?.models.map(({ provider }) => provider))];
  const comparisons = useQueries({
    queries: providers.map((provider) => {
      const query = { provider, outcome: 'ok', by: 'model' };
      return {
        queryKey: ['study', 'compare', query],
        queryFn: ({ signal }: { signal: AbortSignal }) =>
          getJson(StudyComparison, `${studyPath}/compare`, query, signal),
      };
    }),
  });
  const models = comparisons.flatMap(({ data }, index): UnpricedModel[] =>
    (data?.rows ?? []).flatMap(({ key: model, unknownCostCount }) =>
      model === null || unknownCostCount === 0
        ? []
        : [{ provider: providers[index] ?? '', model, runCount: unknownCostCount }],
    ),
  );
  return {
    models: models.toSorted((left, right) => right.runCount - left.runCount),
    isPending: summary.isPending || comparisons.some(({ isPending }) => isPending),
    error: summary.error ?? comparisons.find(({ error }) => error !== null)?.error ?? null,
  };
};

/** The beginning of the week in which a model was first asked; null: it never was. */
export const firstUseOf = async ({
  provider,
  model,
}: Pick<UnpricedModel, 'provider' | 'model'>): Promise<string | null> => {
  const query = { provider, model, bucket: 'week', measure: 'runs' };
  const { series } = await getJson(StudyTimeseries, `${studyPath}/timeseries`, query);
  return series.flatMap(({ points }) => points.map(({ start }) => start)).toSorted()[0] ?? null;
};
