import { Link } from 'wouter';
import type { InferenceFilter } from '../../src/contract/inference.ts';
import { useInferences } from '../api/use-inferences.ts';
import { mostHits, useSearch } from '../api/use-search.ts';
import { formatUnit } from '../format/format-values.ts';
import { MeaningNote } from './meaning-note.tsx';
import { EmptyNotice, ErrorNotice, Loading } from './notices.tsx';
import { RunTable } from './run-table.tsx';
import { SearchHits } from './search-hits.tsx';

type RunListProps = { filter: InferenceFilter; isFiltered: boolean };

/** All runs that a filter keeps, newest first. */
export const RunList = ({ filter, isFiltered }: RunListProps) => {
  const query = useInferences(filter);
  const runs = query.data?.pages.flatMap(({ data }) => data) ?? [];
  if (query.isPending) return <Loading rows={8} />;
  if (query.isError) return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />;
  if (runs.length === 0) {
    return (
      <EmptyNotice title={isFiltered ? 'No run fits these filters' : 'No runs yet'}>
        {!isFiltered && (
          <p>
            Ask a first question in the <Link href="/playground">playground</Link>.
          </p>
        )}
      </EmptyNotice>
    );
  }
  return (
    <>
      <RunTable runs={runs} query={query} isOld={query.isPlaceholderData} />
      <p className="quiet small" role="status">
        {query.isFetchingNextPage
          ? 'Loading more…'
          : `${formatUnit(runs.length, 'run')}${query.hasNextPage ? ', and more below' : ''}`}
      </p>
    </>
  );
};

type FoundRunsProps = { filter: InferenceFilter; like: string | undefined };

/** What a search found, best match first. */
export const FoundRuns = ({ filter, like }: FoundRunsProps) => {
  const { text, ...others } = filter;
  const query = useSearch(like === undefined ? filter : { ...others, like }, true);
  if (query.isPending) return <Loading rows={6} />;
  if (query.isError) return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />;
  const { data: hits, meaning } = query.data;
  const most = like === undefined ? mostHits.text : mostHits.like;
  return (
    <>
      {hits.length === 0 ? (
        <EmptyNotice
          title={like === undefined ? 'No run has these words' : 'No question is known that means this'}
        />
      ) : (
        <>
          <p className="quiet small" role="status">
            {hits.length < most
              ? formatUnit(hits.length, like === undefined ? 'run' : 'prompt')
              : `The best ${most}`}
          </p>
          <SearchHits hits={hits} />
        </>
      )}
      <MeaningNote meaning={meaning} />
    </>
  );
};
