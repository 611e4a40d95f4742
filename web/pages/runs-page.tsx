import { Link } from 'wouter';
import { describeIssue } from '../../src/contract/describe-issue.ts';
import { SearchQuery } from '../../src/contract/search.ts';
import { countFilters, noFilters, readFilter } from '../format/run-filter.ts';
import { ExportButton } from '../parts/export-button.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { RunFilters } from '../parts/run-filters.tsx';
import { FoundRuns, RunList } from '../parts/run-results.tsx';
import { RunSearch } from '../parts/run-search.tsx';
import { useAddress } from '../parts/use-address.ts';

const orders = { best: 'Best match first', newest: 'Newest first' } as const;

export const RunsPage = () => {
  const { search, change } = useAddress();
  const { filter, faults } = readFilter(search);
  const given = search.get('like') ?? '';
  const meant = SearchQuery.shape.like.safeParse(given === '' ? undefined : given);
  const like = meant.data;
  const isFiltered = given !== '' || countFilters(search) > 0;
  const order = search.get('order') === 'newest' ? 'newest' : 'best';
  const isSearch = like !== undefined || (filter.text !== undefined && order === 'best');
  return (
    <>
      <PageHead
        title="Runs"
        about="Every question that was asked, with what became of it. The address holds search and filters: share it or keep it."
        actions={
          <>
            {isFiltered && (
              <button
                type="button"
                className="button"
                onClick={() => change({ ...noFilters, like: '', order: '' })}
              >
                Clear filters
              </button>
            )}
            <Link href="/runs/duplicates" className="button">
              Near-duplicates
            </Link>
            <Link href="/runs/exports" className="button">
              Earlier exports
            </Link>
            {/* A file has what the filters keep; likeness is no filter. */}
            {like === undefined && <ExportButton tables={['runs', 'attempts']} filter={filter} />}
          </>
        }
      />
      <div className="stack">
        <RunSearch
          by={given === '' ? 'text' : 'like'}
          wanted={given || (search.get('text') ?? '')}
          fault={faults.text ?? meant.error?.issues.map(describeIssue).join('; ')}
          onSearch={(by, wanted) => change({ text: '', like: '', [by]: wanted })}
        />
        <RunFilters search={search} faults={faults} onChange={change} hasWords={false} />
        {filter.text !== undefined && like === undefined && (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
          <div className="chips" role="group" aria-label="Order">
            {Object.entries(orders).map(([name, label]) => (
              <button
                key={name}
                type="button"
                className="chip"
                aria-pressed={order === name}
                onClick={() => change({ order: name === 'best' ? '' : name })}
              >
                {label}
              </button>
            ))}
          </div>
        )}
        {isSearch ? (
          <FoundRuns filter={filter} like={like} />
        ) : (
          <RunList filter={filter} isFiltered={isFiltered} />
        )}
      </div>
    </>
  );
};
