import { Link } from 'wouter';
import { useInferences } from '../api/use-inferences.ts';
import { formatUnit } from '../format/format-values.ts';
import { countFilters, noFilters, readFilter } from '../format/run-filter.ts';
import { EmptyNotice, ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { RunFilters } from '../parts/run-filters.tsx';
import { RunTable } from '../parts/run-table.tsx';
import { useAddress } from '../parts/use-address.ts';

export const RunsPage = () => {
  const { search, change } = useAddress();
  const { filter, faults } = readFilter(search);
  const query = useInferences(filter);
  const runs = query.data?.pages.flatMap(({ data }) => data) ?? [];
  const filtered = countFilters(search) > 0;
  return (
    <>
      <PageHead
        title="Runs"
        about="Every question that was asked, with what became of it. The address holds the filters: share it or keep it."
        actions={
          filtered && (
            <button type="button" className="button" onClick={() => change(noFilters)}>
              Clear filters
            </button>
          )
        }
      />
      <div className="stack">
        <RunFilters search={search} faults={faults} onChange={change} />
        {query.isPending && <Loading rows={8} />}
        {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
        {query.isSuccess && runs.length === 0 && (
          <EmptyNotice title={filtered ? 'No run fits these filters' : 'No runs yet'}>
            {!filtered && (
              <p>
                Ask a first question in the <Link href="/playground">playground</Link>.
              </p>
            )}
          </EmptyNotice>
        )}
        {runs.length > 0 && (
          <>
            <RunTable runs={runs} query={query} isOld={query.isPlaceholderData} />
            <p className="quiet small" role="status">
              {query.isFetchingNextPage
                ? 'Loading more…'
                : `${formatUnit(runs.length, 'run')}${query.hasNextPage ? ', and more below' : ''}`}
            </p>
          </>
        )}
      </div>
    </>
  );
};
