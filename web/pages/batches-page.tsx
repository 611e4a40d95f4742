import { Link, useSearchParams } from 'wouter';
import { type Batch, BatchStatus } from '../../src/contract/batch.ts';
import { isActive, useBatch, useBatches } from '../api/use-batches.ts';
import { useHasScope } from '../api/use-session.ts';
import { formatCount, formatDuration, formatShare, formatUnit } from '../format/format-values.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { Icon } from '../parts/icon.tsx';
import { LoadMore } from '../parts/load-more.tsx';
import { EmptyNotice, ErrorNotice, Loading } from '../parts/notices.tsx';
import { OutcomeBar } from '../parts/outcome-bar.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { AgoText } from '../parts/time-text.tsx';

const pollMs = 3000;

/** Only batches that still change are asked for one by one: the list itself counts nothing. */
const ProgressCell = ({ batch }: { batch: Batch }) => {
  const active = isActive(batch.status);
  const { data } = useBatch(batch.id, active ? pollMs : false, active);
  if (!active) return <>{formatCount(batch.planned)}</>;
  if (data === undefined) return <>{formatCount(batch.planned)}</>;
  const settled = data.counts.planned - data.counts.pending - data.counts.inProgress;
  return (
    <>
      {formatCount(settled)} of {formatCount(batch.planned)}{' '}
      <span className="quiet">({formatShare(settled, batch.planned)})</span>
      <span className="meter">
        <OutcomeBar counts={data.counts} />
      </span>
    </>
  );
};

const Targets = ({ batch: { targets } }: { batch: Batch }) => {
  const names = targets.map(({ provider, model }) => `${provider}/${model}`);
  return (
    <span className="cut" title={names.join('\n')}>
      {names[0]}
      {names.length > 1 && <span className="quiet"> and {formatUnit(names.length - 1, 'other')}</span>}
    </span>
  );
};

/** From the first question on, as far as it has come. */
const tookMs = ({ startedAt, finishedAt }: Batch): number | null =>
  startedAt === null || finishedAt === null ? null : Date.parse(finishedAt) - Date.parse(startedAt);

const BatchRow = ({ batch }: { batch: Batch }) => (
  <tr>
    <td className="cell-name">
      <Link href={`/batches/${batch.id}`}>{batch.name ?? `Batch ${batch.id.slice(-8)}`}</Link>
    </td>
    <td>
      <StatusBadge status={batch.status} />
    </td>
    <td className="progress">
      <ProgressCell batch={batch} />
    </td>
    <td className="cell-cut wide-only">
      <Targets batch={batch} />
    </td>
    <td className="number wide-only">{formatDuration(tookMs(batch))}</td>
    <td className="number wide-only">
      <AgoText at={batch.createdAt} />
    </td>
  </tr>
);

export const BatchesPage = () => {
  const [search, setSearch] = useSearchParams();
  const status = BatchStatus.safeParse(search.get('status')).data;
  const query = useBatches(status);
  const mayWrite = useHasScope('batch:write');
  const batches = query.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <>
      <PageHead
        title="Batches"
        about="Many questions in one durable execution, each with a recorded outcome."
        actions={
          mayWrite && (
            <Link href="/batches/new" className="button button-primary">
              <Icon name="plus" />
              New batch
            </Link>
          )
        }
      />
      <div className="stack">
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms */}
        <div className="chips" role="group" aria-label="Status">
          {[undefined, ...BatchStatus.options].map((option) => (
            <button
              key={option ?? 'all'}
              type="button"
              className="chip"
              aria-pressed={option === status}
              onClick={() => setSearch(option === undefined ? {} : { status: option })}
            >
              {option ?? 'all'}
            </button>
          ))}
        </div>
        {query.isPending && <Loading />}
        {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
        {query.isSuccess && batches.length === 0 && (
          <EmptyNotice title={status === undefined ? 'No batches yet' : `No batch is ${status}`}>
            {status === undefined && mayWrite && (
              <p>
                Paste a file of questions and <Link href="/batches/new">start the first one</Link>.
              </p>
            )}
          </EmptyNotice>
        )}
        {batches.length > 0 && (
          <div className="table-box">
            <table>
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Status</th>
                  <th scope="col">Questions</th>
                  <th scope="col" className="wide-only">
                    Asked of
                  </th>
                  <th scope="col" className="number wide-only">
                    Took
                  </th>
                  <th scope="col" className="number wide-only">
                    Created
                  </th>
                </tr>
              </thead>
              <tbody>
                {batches.map((batch) => (
                  <BatchRow key={batch.id} batch={batch} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </div>
      <LoadMore query={query} />
    </>
  );
};
