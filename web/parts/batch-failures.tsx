import { Link } from 'wouter';
import type { BatchDetail } from '../../src/contract/batch.ts';
import type { BatchFailureCause } from '../../src/contract/batch-failure.ts';
import { type BatchItemFilter, noDetail } from '../../src/contract/batch-item.ts';
import { useBatchFailures } from '../api/use-batches.ts';
import { formatCount, formatUnit, formatWord } from '../format/format-values.ts';
import { OutcomeBadge } from './badges.tsx';
import { ErrorNotice, Loading } from './notices.tsx';

const Messages = ({ cause }: { cause: BatchFailureCause }) => (
  <ul className="causes">
    {cause.messages.map(({ httpStatus, message, count, example }) => (
      <li key={example.position}>
        <span>
          {httpStatus !== null && httpStatus !== 200 && <code>{httpStatus}</code>}{' '}
          {message ?? (
            <span className="quiet">{example.inferenceId === null ? 'Nothing was sent' : 'No message'}</span>
          )}
        </span>
        <span className="quiet small">
          {cause.messages.length > 1 && `${formatCount(count)} × · `}
          {example.inferenceId === null ? (
            `such as ${example.itemKey}`
          ) : (
            <>
              such as <Link href={`/runs/${example.inferenceId}`}>{example.itemKey}</Link>
            </>
          )}
        </span>
      </li>
    ))}
  </ul>
);

const filterOf = ({ outcome, detail, targetIndex }: BatchFailureCause): BatchItemFilter => ({
  outcome,
  detail: detail ?? noDetail,
  targetIndex,
});

type BatchFailuresProps = { batch: BatchDetail; onFilter: (filter: BatchItemFilter) => void };

/** What went wrong, by cause, and what was said; a click shows the items. */
export const BatchFailures = ({ batch, onFilter }: BatchFailuresProps) => {
  const { counts } = batch;
  const failed = counts.planned - counts.pending - counts.inProgress - (counts.outcomes.ok ?? 0);
  const query = useBatchFailures(batch, failed > 0);
  if (failed === 0) return null;
  const causes = query.data?.causes ?? [];
  const isSampled = causes.some(({ count, readCount }) => readCount < count);
  return (
    <section className="stack" aria-labelledby="failures">
      <h2 id="failures">Without an answer, by cause</h2>
      {query.isPending && <Loading rows={2} />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {causes.length > 0 && (
        <div className="table-box">
          <table>
            <thead>
              <tr>
                <th scope="col">Cause</th>
                <th scope="col" className="wide-only">
                  Asked of
                </th>
                <th scope="col" className="wide-only">
                  What was said
                </th>
                <th scope="col" className="number">
                  Items
                </th>
              </tr>
            </thead>
            <tbody>
              {causes.map((cause) => (
                <tr key={`${cause.outcome} ${cause.detail} ${cause.targetIndex}`}>
                  <td>
                    <OutcomeBadge outcome={cause.outcome} />
                    {cause.detail !== null && <div className="quiet small">{formatWord(cause.detail)}</div>}
                    <div className="narrow-only">
                      <Messages cause={cause} />
                    </div>
                  </td>
                  <td className="wide-only">
                    {cause.model}
                    <div className="quiet small">{cause.provider}</div>
                  </td>
                  <td className="wide-only">
                    <Messages cause={cause} />
                  </td>
                  <td className="number">
                    <button
                      type="button"
                      className="button button-small"
                      onClick={() => onFilter(filterOf(cause))}
                    >
                      Show {formatUnit(cause.count, 'item')}
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {isSampled && (
        <p className="quiet small">What was said is read from the first 500 items of each cause.</p>
      )}
      {query.data !== undefined && query.data.omittedCauseCount > 0 && (
        <p className="quiet small">
          {formatUnit(query.data.omittedCauseCount, 'cause')} with fewer items are left out.
        </p>
      )}
    </section>
  );
};
