import { Link } from 'wouter';
import type { BatchDetail } from '../../src/contract/batch.ts';
import { type BatchItem, type BatchItemFilter, BatchItemState } from '../../src/contract/batch-item.ts';
import { Outcome } from '../../src/contract/inference.ts';
import { useBatchItems } from '../api/use-batches.ts';
import { formatCount, formatUnit, formatWord, unknown } from '../format/format-values.ts';
import { OutcomeBadge } from './badges.tsx';
import { EmptyNotice, ErrorNotice, Loading } from './notices.tsx';
import { AgoText } from './time-text.tsx';
import { type Column, VirtualTable } from './virtual-table.tsx';

type BatchItemsProps = {
  batch: BatchDetail;
  filter: BatchItemFilter;
  onFilter: (filter: BatchItemFilter) => void;
};

const FilterChips = ({ batch, filter, onFilter }: BatchItemsProps) => {
  const { counts } = batch;
  const chips: { label: string; count: number; filter: BatchItemFilter }[] = [
    { label: 'all', count: counts.planned, filter: {} },
    ...Outcome.options.map((outcome) => ({
      label: formatWord(outcome),
      count: counts.outcomes[outcome] ?? 0,
      filter: { outcome },
    })),
    { label: 'in progress', count: counts.inProgress, filter: { state: BatchItemState.enum.in_progress } },
    { label: 'pending', count: counts.pending, filter: { state: BatchItemState.enum.pending } },
  ];
  const target = filter.targetIndex === undefined ? undefined : batch.targets[filter.targetIndex];
  const narrowed = [
    filter.detail && formatWord(filter.detail),
    target && `${target.provider}/${target.model}`,
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
      {narrowed.some(Boolean) && (
        <button
          type="button"
          className="chip"
          aria-pressed="true"
          onClick={() => onFilter({ ...filter, detail: undefined, targetIndex: undefined })}
        >
          only {narrowed.filter(Boolean).join(', ')}
          <span className="hidden-text"> (remove)</span>
          <span aria-hidden="true">×</span>
        </button>
      )}
    </div>
  );
};

const detailOf = (item: BatchItem) => (
  <>
    {item.detail === null ? unknown : formatWord(item.detail)}
    {item.sharedFrom !== null && ' (shared answer)'}
    {item.outcome === null && item.notBefore !== null && (
      <>
        {' '}
        again <AgoText at={item.notBefore} />
      </>
    )}
  </>
);

const columnsOf = ({ repetitions }: BatchDetail): Column<BatchItem>[] => [
  {
    head: 'Item',
    className: 'cell-cut',
    cell: ({ itemKey, inferenceId, repetition }) => (
      <span className="cut" title={itemKey}>
        {inferenceId === null ? itemKey : <Link href={`/runs/${inferenceId}`}>{itemKey}</Link>}
        {repetitions > 1 && <span className="quiet"> · {repetition + 1}</span>}
      </span>
    ),
  },
  {
    head: 'Outcome',
    className: 'col-outcome',
    cell: ({ outcome, state }) => <OutcomeBadge outcome={outcome} pending={state} />,
  },
  { head: 'Detail', className: 'col-detail wide-only quiet', cell: detailOf },
  {
    head: 'Asked of',
    className: 'col-target wide-only',
    cell: ({ provider, model }) => (
      <span className="cut" title={`${provider}/${model}`}>
        {provider}/{model}
      </span>
    ),
  },
  {
    head: 'Calls',
    className: 'number col-count wide-only',
    cell: ({ attempts }) => formatCount(attempts),
  },
  { head: 'Settled', className: 'number col-ago', cell: ({ settledAt }) => <AgoText at={settledAt} /> },
];

/** The items of a batch in their order, filtered if wanted; each leads to the run that answered it. */
export const BatchItems = (props: BatchItemsProps) => {
  const { batch, filter } = props;
  const query = useBatchItems(batch, filter);
  const items = query.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <section className="stack" aria-labelledby="items">
      <h2 id="items">Items</h2>
      <FilterChips {...props} />
      {query.isPending && <Loading />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <EmptyNotice title="No item is like that" />}
      {items.length > 0 && (
        <>
          <VirtualTable
            label="Items of the batch"
            rows={items}
            keyOf={({ position }) => position}
            columns={columnsOf(batch)}
            rowPx={40}
            query={query}
            isOld={query.isPlaceholderData}
          />
          <p className="quiet small" role="status">
            {formatUnit(items.length, 'item')}
            {query.hasNextPage && ', and more below'}
          </p>
        </>
      )}
    </section>
  );
};
