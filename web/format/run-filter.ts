import { describeIssue } from '../../src/contract/describe-issue.ts';
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
type ApiFilterName = (typeof filterNames)[number];
/** What an address may hold: the API's filters, and a window that ends now. */
export type FilterName = ApiFilterName | 'window';

export type FilterReading = { filter: InferenceFilter; faults: Partial<Record<FilterName, string>> };

const hourMs = 3_600_000;
export const windows = {
  '24h': { name: 'last 24 hours', hours: 24 },
  '7d': { name: 'last 7 days', hours: 7 * 24 },
  '30d': { name: 'last 30 days', hours: 30 * 24 },
  '90d': { name: 'last 90 days', hours: 90 * 24 },
} as const;
const isWindow = (value: string | null): value is keyof typeof windows =>
  value !== null && Object.hasOwn(windows, value);

const addressNames: readonly FilterName[] = [...filterNames, 'window'];
/** How many filters an address has. */
export const countFilters = (search: URLSearchParams): number =>
  addressNames.filter((name) => search.get(name)).length;
/** The change of an address that leaves none. */
export const noFilters: Readonly<Record<string, undefined>> = Object.fromEntries(
  addressNames.map((name) => [name, undefined]),
);

/**
 * The filter of an address. What the API would refuse is left out and named. A window begins with a full hour, so that its
 * figures are sums that exist, and the same question within the hour.
 */
export const readFilter = (search: URLSearchParams, nowMs = Date.now()): FilterReading => {
  const filter: Record<string, unknown> = {};
  const faults: FilterReading['faults'] = {};
  for (const name of filterNames) {
    const value = search.get(name);
    if (value === null || value === '') continue;
    const parsed = InferenceFilter.shape[name].safeParse(value);
    if (parsed.success) filter[name] = parsed.data;
    else faults[name] = parsed.error.issues.map(describeIssue).join('; ');
  }
  const window = search.get('window');
  if (isWindow(window) && filter.from === undefined && filter.to === undefined) {
    const start = Math.floor(nowMs / hourMs - windows[window].hours) * hourMs;
    filter.from = new Date(start).toISOString();
  }
  return { filter: InferenceFilter.parse(filter), faults };
};
