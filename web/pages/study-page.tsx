import { Link } from 'wouter';
import type { InferenceFilter } from '../../src/contract/inference.ts';
import type { Share } from '../../src/contract/study.ts';
import { useSummary } from '../api/use-study.ts';
import { formatInterval, formatPercent } from '../format/format-estimates.ts';
import { formatCount, formatUnit, formatUsd, unknown } from '../format/format-values.ts';
import { countFilters, noFilters, readFilter } from '../format/run-filter.ts';
import { buckets, chosen, comparedBy, measures, quantities } from '../format/study-words.ts';
import { ExportButton } from '../parts/export-button.tsx';
import { EmptyNotice, ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { RunFilters } from '../parts/run-filters.tsx';
import { StatTiles } from '../parts/stat-list.tsx';
import { StudyComparison } from '../parts/study-comparison.tsx';
import { StudyCounterfactual } from '../parts/study-counterfactual.tsx';
import { StudyDistribution } from '../parts/study-distribution.tsx';
import { StudyTrend } from '../parts/study-trend.tsx';
import { useAddress } from '../parts/use-address.ts';

const shareStat = (label: string, share: Share | null) => ({
  label,
  value: share === null ? unknown : formatPercent(share.value),
  note: share === null ? 'nothing has ended' : `95 %: ${formatInterval(share, formatPercent)}`,
});

const Summary = ({ filter }: { filter: InferenceFilter }) => {
  const { data, isPending, isError, error, refetch } = useSummary(filter);
  if (isPending) return <Loading rows={2} />;
  if (isError) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  const unknownOf = (count: number, otherwise: string) =>
    count > 0 ? `unknown for ${formatUnit(count, 'run')}` : otherwise;
  return (
    <StatTiles
      stats={[
        { label: 'Runs', value: formatCount(data.runCount), note: formatUnit(data.models.length, 'model') },
        shareStat('Success', data.successRate),
        shareStat('Errors', data.errorRate),
        { label: 'Cost', value: formatUsd(data.costUsd), note: unknownOf(data.unknownCostCount, 'USD') },
        {
          label: 'Tokens in → out',
          value: `${formatCount(data.inputTokens)} → ${formatCount(data.outputTokens)}`,
          note: unknownOf(data.unknownTokensCount, 'of all runs'),
        },
      ]}
    />
  );
};

export const StudyPage = () => {
  const { search, change } = useAddress();
  const { filter, faults } = readFilter(search);
  const { data } = useSummary(filter);
  const part = { filter, search, onChoose: change };
  const filtered = countFilters(search) > 0;
  return (
    <>
      <PageHead
        title="Study"
        about="Figures of recorded runs with how certain they are. The address holds the filters."
        actions={
          <>
            {filtered && (
              <button type="button" className="button" onClick={() => change(noFilters)}>
                Clear filters
              </button>
            )}
            <ExportButton
              tables={['comparison', 'timeseries', 'distribution', 'runs', 'attempts']}
              filter={filter}
              options={{
                by: chosen(search.get('by'), comparedBy, 'model'),
                measure: chosen(search.get('measure'), measures, 'runs'),
                bucket: chosen(search.get('bucket'), buckets, 'day'),
                split: search.get('split') ?? undefined,
                of: chosen(search.get('of'), quantities, 'latencyMs'),
              }}
            />
            <Link href={`/runs?${search}`} className="button">
              Show the runs
            </Link>
            <Link href="/study/versus" className="button">
              Compare two batches
            </Link>
          </>
        }
      />
      <div className="stack">
        <RunFilters search={search} faults={faults} onChange={change} />
        {data?.runCount === 0 ? (
          <EmptyNotice title={filtered ? 'No run fits these filters' : 'No runs yet'}>
            {!filtered && (
              <p>
                Ask a first question in the <Link href="/playground">playground</Link>, or start a{' '}
                <Link href="/batches/new">batch</Link>.
              </p>
            )}
          </EmptyNotice>
        ) : (
          <>
            <Summary filter={filter} />
            <StudyComparison {...part} />
            <StudyTrend {...part} />
            <StudyDistribution {...part} />
            <StudyCounterfactual {...part} />
          </>
        )}
      </div>
    </>
  );
};
