import { Link, useSearchParams } from 'wouter';
import type { InferenceFilter } from '../../src/contract/inference.ts';
import { useSummary } from '../api/use-study.ts';
import { formatEstimatedShare } from '../format/format-estimates.ts';
import { formatCount, formatUnit, formatUsd } from '../format/format-values.ts';
import { filterNames, readFilter } from '../format/run-filter.ts';
import { ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { RunFilters } from '../parts/run-filters.tsx';
import { StatTiles } from '../parts/stat-list.tsx';
import { type ComparedBy, comparedBy, StudyComparison } from '../parts/study-comparison.tsx';
import { StudyDistribution } from '../parts/study-distribution.tsx';
import { StudyTrend } from '../parts/study-trend.tsx';

const Summary = ({ filter }: { filter: InferenceFilter }) => {
  const { data, isPending, isError, error, refetch } = useSummary(filter);
  if (isPending) return <Loading rows={2} />;
  if (isError) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  return (
    <StatTiles
      stats={[
        { label: 'Runs', value: formatCount(data.runCount), note: formatUnit(data.models.length, 'model') },
        { label: 'Success', value: formatEstimatedShare(data.successRate), note: 'with 95 % interval' },
        { label: 'Errors', value: formatEstimatedShare(data.errorRate), note: 'with 95 % interval' },
        {
          label: 'Cost',
          value: formatUsd(data.costUsd),
          note: data.unknownCostCount > 0 ? `unknown for ${formatUnit(data.unknownCostCount, 'run')}` : 'USD',
        },
        {
          label: 'Tokens in → out',
          value: `${formatCount(data.inputTokens)} → ${formatCount(data.outputTokens)}`,
          note:
            data.unknownTokensCount > 0
              ? `unknown for ${formatUnit(data.unknownTokensCount, 'run')}`
              : 'of all runs',
        },
      ]}
    />
  );
};

const isBy = (value: string | null): value is ComparedBy =>
  value !== null && Object.hasOwn(comparedBy, value);

export const StudyPage = () => {
  const [search, setSearch] = useSearchParams();
  const { filter, faults } = readFilter(search);
  const given = search.get('by');
  const by = isBy(given) ? given : 'model';
  const change = (changes: Record<string, string>) =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        for (const [name, value] of Object.entries(changes)) {
          if (value === '') next.delete(name);
          else next.set(name, value);
        }
        return next;
      },
      { replace: true },
    );
  const isFiltered = filterNames.some((name) => search.has(name));
  return (
    <>
      <PageHead
        title="Study"
        about="Figures of recorded runs with how certain they are. The address holds the filters."
        actions={
          <>
            {isFiltered && (
              <button type="button" className="button" onClick={() => setSearch({})}>
                Clear filters
              </button>
            )}
            <Link href="/study/versus" className="button">
              Compare two batches
            </Link>
          </>
        }
      />
      <div className="stack">
        <RunFilters search={search} faults={faults} onChange={change} />
        <Summary filter={filter} />
        <StudyComparison filter={filter} by={by} onBy={(next) => change({ by: next })} />
        <StudyTrend filter={filter} />
        <StudyDistribution filter={filter} />
      </div>
    </>
  );
};
