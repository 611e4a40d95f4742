import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { BatchDetail } from '../../src/contract/batch.ts';
import { type BatchItem, BatchItemPage } from '../../src/contract/batch-item.ts';
import { Outcome } from '../../src/contract/inference.ts';
import { getJson } from '../api/http-client.ts';
import { formatCount, formatWord } from '../format/format-values.ts';
import { groupFailures } from '../format/group-failures.ts';
import { OutcomeBadge } from './badges.tsx';
import { ErrorNotice, Loading } from './notices.tsx';

/** Pages of items of one outcome that are looked at. */
const maxPages = 5;

const readItems = async (batchId: string, outcome: Outcome, signal: AbortSignal): Promise<BatchItem[]> => {
  const items: BatchItem[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const { data, nextCursor } = await getJson(
      BatchItemPage,
      `/api/v1/batches/${batchId}/items`,
      { outcome, limit: 200, cursor },
      signal,
    );
    items.push(...data);
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  return items;
};

const failed = Outcome.exclude(['ok']).options;

/** What went wrong, by cause: outcome, detail and target. Of very many failures the first thousand of each outcome. */
export const BatchFailures = ({ batch }: { batch: BatchDetail }) => {
  const outcomes = failed.filter((outcome) => (batch.counts.outcomes[outcome] ?? 0) > 0);
  const total = outcomes.reduce((sum, outcome) => sum + (batch.counts.outcomes[outcome] ?? 0), 0);
  // To the first hundred each counts; later their number in hundreds says when to look again.
  const version = total < 100 ? total : Math.floor(total / 100) * 100;
  const query = useQuery({
    queryKey: ['batch-failures', batch.id, outcomes, version, batch.status],
    queryFn: async ({ signal }) =>
      (await Promise.all(outcomes.map((outcome) => readItems(batch.id, outcome, signal)))).flat(),
    enabled: total > 0,
    placeholderData: (before) => before,
  });
  if (total === 0) return null;
  const groups = groupFailures(query.data ?? []);
  const seen = query.data?.length ?? 0;
  return (
    <section className="stack" aria-labelledby="failures">
      <h2 id="failures">Without an answer, by cause</h2>
      {query.isPending && <Loading rows={2} />}
      {query.isError && <ErrorNotice error={query.error} />}
      {groups.length > 0 && (
        <div className="table-box">
          <table>
            <thead>
              <tr>
                <th scope="col">Outcome</th>
                <th scope="col">Detail</th>
                <th scope="col" className="wide-only">
                  Asked of
                </th>
                <th scope="col" className="number">
                  Items
                </th>
                <th scope="col">Example</th>
              </tr>
            </thead>
            <tbody>
              {groups.map((group) => (
                <tr key={`${group.outcome} ${group.detail} ${group.provider} ${group.model}`}>
                  <td>
                    <OutcomeBadge outcome={group.outcome} />
                  </td>
                  <td>{group.detail === null ? '–' : formatWord(group.detail)}</td>
                  <td className="wide-only">
                    {group.provider}/{group.model}
                  </td>
                  <td className="number">{formatCount(group.count)}</td>
                  <td>
                    {group.example.inferenceId === null ? (
                      group.example.itemKey
                    ) : (
                      <Link href={`/runs/${group.example.inferenceId}`}>{group.example.itemKey}</Link>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {seen > 0 && seen < total && (
        <p className="quiet small">
          Counted among {formatCount(seen)} of {formatCount(total)}.
        </p>
      )}
    </section>
  );
};
