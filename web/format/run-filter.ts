import { InferenceFilter } from '../../src/contract/inference.ts';

export const filterNames = [
  'text',
  'provider',
  'model',
  'outcome',
  'status',
  'from',
  'to',
  'metadata',
  'batchId',
] as const;
export type FilterName = (typeof filterNames)[number];

export type FilterReading = { filter: InferenceFilter; faults: Partial<Record<FilterName, string>> };

/** The filter of an address. What the API would refuse is left out and named. */
export const readFilter = (search: URLSearchParams): FilterReading => {
  const filter: Record<string, unknown> = {};
  const faults: FilterReading['faults'] = {};
  for (const name of filterNames) {
    const value = search.get(name);
    if (value === null || value === '') continue;
    const parsed = InferenceFilter.shape[name].safeParse(value);
    if (parsed.success) filter[name] = parsed.data;
    else faults[name] = parsed.error.issues[0]?.message ?? 'is not valid';
  }
  return { filter: InferenceFilter.parse(filter), faults };
};
