import { useQuery } from '@tanstack/react-query';
import type { z } from 'zod';
import type { InferenceFilter } from '../../src/contract/inference.ts';
import {
  type CompareQuery,
  Counterfactual,
  type CounterfactualQuery,
  type DistributionQuery,
  StudyComparison,
  StudyDistribution,
  StudySummary,
  StudyTimeseries,
  type TimeseriesQuery,
} from '../../src/contract/study.ts';
import { BatchVersus } from '../../src/contract/study-versus.ts';
import { getJson, type QueryValues } from './http-client.ts';

const path = '/api/v1/study';

const useFigures = <Schema extends z.ZodType>(
  schema: Schema,
  name: string,
  query: QueryValues,
  enabled = true,
) =>
  useQuery({
    queryKey: ['study', name, query],
    queryFn: ({ signal }) => getJson(schema, `${path}/${name}`, query, signal),
    placeholderData: (before) => before,
    enabled,
  });

export const useSummary = (filter: InferenceFilter, enabled = true) =>
  useFigures(StudySummary, 'summary', filter, enabled);
export const useComparison = (query: CompareQuery) => useFigures(StudyComparison, 'compare', query);
export const useTimeseries = (query: TimeseriesQuery) => useFigures(StudyTimeseries, 'timeseries', query);
export const useDistribution = (query: DistributionQuery) =>
  useFigures(StudyDistribution, 'distribution', query);

export const useCounterfactual = (query: CounterfactualQuery, enabled: boolean) =>
  useFigures(Counterfactual, 'counterfactual', query, enabled);

export type VersusChoice = { a: string; b: string; targetA: number; targetB: number };
export const useVersus = ({ a, b, targetA, targetB }: VersusChoice) =>
  useFigures(BatchVersus, `batches/${a}/versus/${b}`, { targetA, targetB }, a !== '' && b !== '');
