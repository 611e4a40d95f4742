import { Link, useSearchParams } from 'wouter';
import type { BatchDetail } from '../../src/contract/batch.ts';
import { BatchItemState } from '../../src/contract/batch-item.ts';
import { Outcome } from '../../src/contract/inference.ts';
import { type ItemFilter, useBatchAction } from '../api/use-batches.ts';
import { useLiveBatch } from '../api/use-live-batch.ts';
import { useHasScope } from '../api/use-session.ts';
import {
  formatCount,
  formatDuration,
  formatRate,
  formatShare,
  formatUnit,
  formatUsd,
} from '../format/format-values.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { BatchFailures } from '../parts/batch-failures.tsx';
import { BatchItems } from '../parts/batch-items.tsx';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { ErrorNotice, Loading } from '../parts/notices.tsx';
import { OutcomeBar } from '../parts/outcome-bar.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ResultDownload } from '../parts/result-download.tsx';
import { FactList, StatTiles } from '../parts/stat-list.tsx';
import { AgoText, TimeText } from '../parts/time-text.tsx';

/** Outcomes that `retry-failed` asks again. */
const askedAgain = ['provider_error', 'timeout', 'cancelled', 'budget_skipped', 'unknown_outcome'] as const;

const BatchActions = ({ batch }: { batch: BatchDetail }) => {
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
      {batch.counts.planned > counts.pending + counts.inProgress && <ResultDownload batchId={batch.id} />}
      {batch.finishedAt !== null && (
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

const spendNote = ({ spend }: BatchDetail): string => {
  const parts: string[] = [];
  if (spend.budget !== null && spend.budget.maxCostUsd !== null) {
    parts.push(`of ${formatUsd(spend.budget.maxCostUsd)} cap`);
    const share = Number(spend.budget.spentUsd) / Number(spend.budget.maxCostUsd);
    parts.push(`${formatShare(share, 1)} spent`);
  } else parts.push('no cost cap');
  if (spend.unknownCostCount > 0) parts.push(`${formatUnit(spend.unknownCostCount, 'run')} of unknown cost`);
  return parts.join(' · ');
};

/** Nothing whose cost is known: then the sum says nothing. */
const spendValue = ({ spend, counts }: BatchDetail): string => {
  const answered = counts.outcomes.ok ?? 0;
  const isUnknown = spend.unknownCostCount > 0 && Number(spend.costUsd) === 0 && answered > 0;
  return isUnknown ? '–' : formatUsd(spend.costUsd);
};

const BatchFigures = ({ batch }: { batch: BatchDetail }) => {
  const { counts, spend } = batch;
  const settled = counts.planned - counts.pending - counts.inProgress;
  const tookMs =
    batch.finishedAt === null || batch.startedAt === null
      ? null
      : Date.parse(batch.finishedAt) - Date.parse(batch.startedAt);
  return (
    <section className="card" aria-label="Progress">
      <div className="card-head" aria-live="polite">
        <strong>
          {formatCount(settled)} of {formatUnit(counts.planned, 'question')} settled
        </strong>
        <span className="quiet">
          {counts.inProgress > 0 && `${formatCount(counts.inProgress)} under way · `}
          {formatShare(settled, counts.planned)}
        </span>
      </div>
      <OutcomeBar counts={counts} />
      <StatTiles
        stats={[
          {
            label: 'Answered',
            value: formatCount(counts.outcomes.ok ?? 0),
            note: `${formatShare(counts.outcomes.ok ?? 0, settled)} of what is settled`,
          },
          batch.finishedAt === null
            ? { label: 'Rate', value: formatRate(batch.itemsPerSecond), note: 'over the last minute' }
            : { label: 'Took', value: formatDuration(tookMs), note: 'from the first question' },
          ...(batch.finishedAt === null
            ? [
                {
                  label: 'Remaining',
                  value: formatDuration(batch.etaSeconds === null ? null : batch.etaSeconds * 1000),
                  note: batch.etaSeconds === null ? 'cannot be told yet' : 'at that rate',
                },
              ]
            : []),
          { label: 'Spent', value: spendValue(batch), note: spendNote(batch) },
          {
            label: 'Tokens',
            value: formatCount(spend.inputTokens + spend.outputTokens),
            note: `${formatCount(spend.inputTokens)} in · ${formatCount(spend.outputTokens)} out${
              batch.maxTokens === null ? '' : ` · cap ${formatCount(batch.maxTokens)}`
            }`,
          },
        ]}
      />
      <FactList
        facts={[
          {
            label: 'Asked of',
            value: batch.targets.map(({ provider, model }) => `${provider}/${model}`).join(', '),
          },
          { label: 'Repetitions', value: formatCount(batch.repetitions) },
          { label: 'Concurrency', value: `${formatCount(batch.concurrency)} calls at once` },
          { label: 'Attempts at most', value: formatCount(batch.maxAttempts) },
          { label: 'Created', value: <TimeText at={batch.createdAt} /> },
          {
            label: batch.finishedAt === null ? 'Last progress' : 'Finished',
            value:
              batch.finishedAt === null ? (
                <AgoText at={batch.progressedAt} />
              ) : (
                <TimeText at={batch.finishedAt} />
              ),
          },
          { label: 'Id', value: <code>{batch.id}</code> },
        ]}
      />
    </section>
  );
};

export const BatchPage = ({ id }: { id: string }) => {
  const query = useLiveBatch(id);
  const [search, setSearch] = useSearchParams();
  const filter: ItemFilter = {
    outcome: Outcome.safeParse(search.get('outcome')).data,
    state: BatchItemState.safeParse(search.get('state')).data,
  };
  const setFilter = ({ outcome, state }: ItemFilter) =>
    setSearch({ ...(outcome && { outcome }), ...(state && { state }) }, { replace: true });
  const up = { href: '/batches', label: 'Batches' };
  if (query.isPending) {
    return (
      <>
        <PageHead title="Batch" up={up} />
        <Loading />
      </>
    );
  }
  if (query.isError) {
    return (
      <>
        <PageHead title="Batch" up={up} />
        <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      </>
    );
  }
  const batch = query.data;
  return (
    <>
      <PageHead
        title={batch.name ?? `Batch ${batch.id.slice(-8)}`}
        up={up}
        badge={<StatusBadge status={batch.status} />}
        actions={<BatchActions batch={batch} />}
      />
      <div className="stack">
        <BatchFigures batch={batch} />
        <BatchFailures batch={batch} />
        <BatchItems batch={batch} filter={filter} onFilter={setFilter} />
      </div>
    </>
  );
};
