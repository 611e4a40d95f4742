import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { Link } from 'wouter';
import type { Inference } from '../../src/contract/inference.ts';
import { formatCount, formatDuration, formatUsd, unknown } from '../format/format-values.ts';
import { OutcomeBadge } from './badges.tsx';
import { AgoText } from './time-text.tsx';

const rowPx = 64;
const overscan = 12;
/** So many rows before the end the next page is asked for. */
const aheadRows = 20;
/** A line shows no more. */
const shownCharacters = 300;

const excerpt = (text: string | undefined | null): string =>
  (text ?? '').slice(0, shownCharacters).replace(/\s+/g, ' ').trim();

const RunRow = ({ run }: { run: Inference }) => {
  const question = run.messages.findLast(({ role }) => role === 'user')?.content;
  const tokens = run.usage;
  return (
    <tr>
      <td className="cell-cut">
        <Link href={`/runs/${run.id}`} className="cut">
          {excerpt(question) || 'No question'}
        </Link>
        <br />
        <span className="quiet small">{excerpt(run.text) || run.error?.message || unknown}</span>
      </td>
      <td>
        <OutcomeBadge outcome={run.outcome} />
      </td>
      <td className="wide-only">
        {run.provider}
        <br />
        <span className="quiet small">{run.model}</span>
      </td>
      <td className="number wide-only">
        {formatCount(tokens?.inputTokens)} → {formatCount(tokens?.outputTokens)}
      </td>
      <td className="number wide-only">{formatUsd(run.costUsd)}</td>
      <td className="number wide-only">{formatDuration(run.latencyMs)}</td>
      <td className="number">
        <AgoText at={run.createdAt} />
      </td>
    </tr>
  );
};

type RunTableProps = {
  runs: readonly Inference[];
  hasMore: boolean;
  isLoadingMore: boolean;
  onMore: () => void;
};

/** Any number of runs: only the rows in view are in the page, and the next ones are asked for in time. */
export const RunTable = ({ runs, hasMore, isLoadingMore, onMore }: RunTableProps) => {
  const scroller = useRef<HTMLElement>(null);
  const rows = useVirtualizer({
    count: runs.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan,
  });
  const visible = rows.getVirtualItems();
  const first = visible[0];
  const last = visible.at(-1);
  const nearEnd = (last?.index ?? 0) >= runs.length - aheadRows;
  useEffect(() => {
    if (nearEnd && hasMore && !isLoadingMore) onMore();
  }, [nearEnd, hasMore, isLoadingMore, onMore]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section ref={scroller} className="table-box run-scroll" tabIndex={0} aria-label="Runs">
      <table aria-rowcount={hasMore ? -1 : runs.length + 1}>
        <thead>
          <tr>
            <th scope="col">Question and answer</th>
            <th scope="col">Outcome</th>
            <th scope="col" className="wide-only">
              Model
            </th>
            <th scope="col" className="number wide-only">
              Tokens in → out
            </th>
            <th scope="col" className="number wide-only">
              Cost
            </th>
            <th scope="col" className="number wide-only">
              Latency
            </th>
            <th scope="col" className="number">
              Asked
            </th>
          </tr>
        </thead>
        <tbody>
          {first !== undefined && first.start > 0 && (
            <tr className="spacer">
              <td colSpan={7} style={{ height: first.start }} />
            </tr>
          )}
          {visible.map(({ index, key }) => {
            const run = runs[index];
            return run === undefined ? null : <RunRow key={key} run={run} />;
          })}
          {last !== undefined && last.end < rows.getTotalSize() && (
            <tr className="spacer">
              <td colSpan={7} style={{ height: rows.getTotalSize() - last.end }} />
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
};
