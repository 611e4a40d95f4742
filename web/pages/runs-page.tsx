import { Link, useSearchParams } from 'wouter';
import { useInferences } from '../api/use-inferences.ts';
import { formatUnit } from '../format/format-values.ts';
import { type FilterName, filterNames, readFilter } from '../format/run-filter.ts';
import { EmptyNotice, ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { RunFilters } from '../parts/run-filters.tsx';
import { RunTable } from '../parts/run-table.tsx';

export const RunsPage = () => {
  const [search, setSearch] = useSearchParams();
  const { filter, faults } = readFilter(search);
  const query = useInferences(filter);
  const runs = query.data?.pages.flatMap(({ data }) => data) ?? [];
  const isFiltered = filterNames.some((name) => search.has(name));
  const change = (changes: Partial<Record<FilterName, string>>) =>
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
  return (
    <>
      <PageHead
        title="Runs"
        about="Every question that was asked, with what became of it. The address holds the filters: share it or keep it."
        actions={
          isFiltered && (
            <button type="button" className="button" onClick={() => setSearch({})}>
              Clear filters
            </button>
          )
        }
      />
      <div className="stack">
        <RunFilters search={search} faults={faults} onChange={change} />
        {filter.batchId !== undefined && (
          <p className="quiet">
            Of one batch: <Link href={`/batches/${filter.batchId}`}>{filter.batchId}</Link>
          </p>
        )}
        {query.isPending && <Loading rows={8} />}
        {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
        {query.isSuccess && runs.length === 0 && (
          <EmptyNotice title={isFiltered ? 'No run fits these filters' : 'No runs yet'}>
            {!isFiltered && (
              <p>
                Ask a first question in the <Link href="/playground">playground</Link>.
              </p>
            )}
          </EmptyNotice>
        )}
        {runs.length > 0 && (
          <>
            <RunTable
              runs={runs}
              hasMore={query.hasNextPage}
              isLoadingMore={query.isFetchingNextPage}
              onMore={() => void query.fetchNextPage()}
            />
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
