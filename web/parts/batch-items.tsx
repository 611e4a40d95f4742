import { Link } from 'wouter';
import type { BatchDetail } from '../../src/contract/batch.ts';
import { BatchItemState } from '../../src/contract/batch-item.ts';
import { Outcome } from '../../src/contract/inference.ts';
import { type ItemFilter, useBatchItems } from '../api/use-batches.ts';
import { formatCount, formatWord } from '../format/format-values.ts';
import { OutcomeBadge } from './badges.tsx';
import { LoadMore } from './load-more.tsx';
import { EmptyNotice, ErrorNotice, Loading } from './notices.tsx';
import { AgoText } from './time-text.tsx';

type BatchItemsProps = { batch: BatchDetail; filter: ItemFilter; onFilter: (filter: ItemFilter) => void };

const FilterChips = ({ batch, filter, onFilter }: BatchItemsProps) => {
  const { counts } = batch;
  const chips: { label: string; count: number; filter: ItemFilter }[] = [
    { label: 'all', count: counts.planned, filter: {} },
    ...Outcome.options.map((outcome) => ({
      label: formatWord(outcome),
      count: counts.outcomes[outcome] ?? 0,
      filter: { outcome },
    })),
    { label: 'in progress', count: counts.inProgress, filter: { state: BatchItemState.enum.in_progress } },
    { label: 'pending', count: counts.pending, filter: { state: BatchItemState.enum.pending } },
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div className="chips" role="group" aria-label="Items by outcome">
      {chips.map((chip) => {
        const isChosen = filter.outcome === chip.filter.outcome && filter.state === chip.filter.state;
        if (chip.count === 0 && !isChosen && chip.label !== 'all') return null;
        return (
          <button
            key={chip.label}
            type="button"
            className="chip"
            aria-pressed={isChosen}
            onClick={() => onFilter(chip.filter)}
          >
            {chip.filter.outcome && <span className={`swatch swatch-${chip.filter.outcome}`} />}
            {chip.label} <span className="quiet">{formatCount(chip.count)}</span>
          </button>
        );
      })}
    </div>
  );
};

/** The items of a batch in their order, by outcome if wanted; each leads to the run that answered it. */
export const BatchItems = (props: BatchItemsProps) => {
  const { batch, filter } = props;
  // Read anew when it ends or is asked again; while it runs every settled item would be too often.
  const query = useBatchItems(batch.id, filter, `${batch.generation} ${batch.status}`);
  const items = query.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <section className="stack" aria-labelledby="items">
      <div className="card-head">
        <h2 id="items">Items</h2>
        {batch.finishedAt === null && (
          <button type="button" className="button button-small" onClick={() => void query.refetch()}>
            Refresh
          </button>
        )}
      </div>
      <FilterChips {...props} />
      {query.isPending && <Loading />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <EmptyNotice title="No item is like that" />}
      {items.length > 0 && (
        <div className="table-box">
          <table>
            <thead>
              <tr>
                <th scope="col">Item</th>
                <th scope="col">Outcome</th>
                <th scope="col" className="wide-only">
                  Detail
                </th>
                <th scope="col" className="wide-only">
                  Asked of
                </th>
                <th scope="col" className="number wide-only">
                  Attempts
                </th>
                <th scope="col">Run</th>
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <tr key={item.position}>
                  <td className="cell-name">
                    {item.itemKey}
                    {batch.repetitions > 1 && (
                      <span className="quiet"> · repetition {item.repetition + 1}</span>
                    )}
                  </td>
                  <td>
                    <OutcomeBadge outcome={item.outcome} pending={item.state} />
                  </td>
                  <td className="wide-only quiet">
                    {item.detail === null ? '–' : formatWord(item.detail)}
                    {item.sharedFrom !== null && ' (shared answer)'}
                    {item.outcome === null && item.notBefore !== null && (
                      <>
                        {' '}
                        again <AgoText at={item.notBefore} />
                      </>
                    )}
                  </td>
                  <td className="wide-only">
                    {item.provider}/{item.model}
                  </td>
                  <td className="number wide-only">{formatCount(item.attempts)}</td>
                  <td>
                    {item.inferenceId === null ? (
                      '–'
                    ) : (
                      <Link href={`/runs/${item.inferenceId}`}>
                        Open<span className="hidden-text"> the run of {item.itemKey}</span>
                      </Link>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <LoadMore query={query} />
    </section>
  );
};
