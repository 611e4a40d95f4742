import { Link } from 'wouter';
import type { BatchDetail } from '../../src/contract/batch.ts';
import { BatchItemFilter } from '../../src/contract/batch-item.ts';
import { useBatchAction } from '../api/use-batches.ts';
import { useLiveBatch } from '../api/use-live-batch.ts';
import { useHasScope } from '../api/use-session.ts';
import { formatCount } from '../format/format-values.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { BatchFailures } from '../parts/batch-failures.tsx';
import { BatchFigures } from '../parts/batch-figures.tsx';
import { BatchItems } from '../parts/batch-items.tsx';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { ExportButton } from '../parts/export-button.tsx';
import { ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { useAddress } from '../parts/use-address.ts';

/** Outcomes that `retry-failed` asks again. */
const askedAgain = ['provider_error', 'timeout', 'cancelled', 'budget_skipped', 'unknown_outcome'] as const;

type BatchActionsProps = { batch: BatchDetail; outcome: BatchItemFilter['outcome'] };

const BatchActions = ({ batch, outcome }: BatchActionsProps) => {
  const action = useBatchAction(batch.id);
  const mayWrite = useHasScope('batch:write');
  const { status, counts } = batch;
  const failed = askedAgain.reduce((sum, outcome) => sum + (counts.outcomes[outcome] ?? 0), 0);
  const isRunning = status === 'running' || status === 'queued';
  const busy = action.isPending;
  return (
    <>
      {mayWrite && isRunning && (
        <button type="button" className="button" disabled={busy} onClick={() => action.mutate('pause')}>
          Pause
        </button>
      )}
      {mayWrite && status === 'paused' && (
        <button
          type="button"
          className="button button-primary"
          disabled={busy}
          onClick={() => action.mutate('resume')}
        >
          Resume
        </button>
      )}
      {mayWrite && failed > 0 && status !== 'cancelling' && (
        <button
          type="button"
          className="button"
          disabled={busy}
          onClick={() => action.mutate('retry-failed')}
        >
          Ask {formatCount(failed)} again
        </button>
      )}
      {mayWrite && (isRunning || status === 'paused') && (
        <ConfirmButton
          label="Cancel"
          question="Cancel this batch? What is not asked yet ends as cancelled; answers that are there stay."
          confirm="Cancel the batch"
          disabled={busy}
          onConfirm={() => action.mutate('cancel')}
        />
      )}
      {counts.planned > counts.pending + counts.inProgress && (
        <ExportButton tables={['results', 'runs', 'attempts']} filter={{ batchId: batch.id, outcome }} />
      )}
      {batch.startedAt !== null && (
        <Link className="button" href={`/study?batchId=${batch.id}`}>
          Figures
        </Link>
      )}
      {batch.startedAt !== null && (
        <Link
          className="button"
          href={`/study/versus?a=${batch.id}${batch.targets.length > 1 ? `&b=${batch.id}&targetB=1` : ''}`}
        >
          Compare
        </Link>
      )}
      {action.isError && <ErrorNotice error={action.error} />}
    </>
  );
};

const filterNames = ['outcome', 'state', 'detail', 'targetIndex'] as const;

/** What of the address is no filter is left out. */
const readFilter = (search: URLSearchParams): BatchItemFilter =>
  Object.fromEntries(
    filterNames.flatMap((name) => {
      const { success, data } = BatchItemFilter.shape[name].safeParse(search.get(name) ?? undefined);
      return success && data !== undefined ? [[name, data]] : [];
    }),
  );

export const BatchPage = ({ id }: { id: string }) => {
  const query = useLiveBatch(id);
  const { search, change } = useAddress();
  const filter = readFilter(search);
  const setFilter = (next: BatchItemFilter) =>
    change(Object.fromEntries(filterNames.map((name) => [name, next[name]?.toString()])));
  const showItems = (next: BatchItemFilter) => {
    setFilter(next);
    document.getElementById('items')?.scrollIntoView({ block: 'start' });
  };
  const batch = query.data;
  return (
    <>
      <PageHead
        title={batch === undefined ? 'Batch' : (batch.name ?? `Batch ${id.slice(-8)}`)}
        up={{ href: '/batches', label: 'Batches' }}
        badge={batch && <StatusBadge status={batch.status} />}
        actions={batch && <BatchActions batch={batch} outcome={filter.outcome} />}
      />
      {query.isPending && <Loading />}
      {/* Once it is there, it stays while the server is away; the frame says that it is. */}
      {query.isError && batch === undefined && (
        <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      )}
      {batch && (
        <div className="stack">
          <BatchFigures batch={batch} />
          <BatchFailures batch={batch} onFilter={showItems} />
          <BatchItems batch={batch} filter={filter} onFilter={setFilter} />
        </div>
      )}
    </>
  );
};
