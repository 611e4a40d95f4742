import { Link } from 'wouter';
import type { Inference } from '../../src/contract/inference.ts';
import { excerpt, questionOf } from '../format/excerpt.ts';
import { formatCount, formatDuration, formatUsd, unknown } from '../format/format-values.ts';
import { OutcomeBadge } from './badges.tsx';
import { AgoText } from './time-text.tsx';
import { type Column, VirtualTable } from './virtual-table.tsx';

const columns: readonly Column<Inference>[] = [
  {
    head: 'Question and answer',
    className: 'cell-cut',
    cell: (run) => (
      <>
        <Link href={`/runs/${run.id}`} className="cut">
          {questionOf(run)}
        </Link>
        <span className="quiet small cut">{excerpt(run.text) || run.error?.message || unknown}</span>
      </>
    ),
  },
  {
    head: 'Outcome',
    className: 'col-outcome',
    cell: (run) => (
      <>
        <OutcomeBadge outcome={run.outcome} />
        <div className="narrow-only quiet small">
          <AgoText at={run.createdAt} />
        </div>
      </>
    ),
  },
  {
    head: 'Model',
    className: 'col-model wide-only',
    cell: ({ provider, model }) => (
      <>
        <span className="cut" title={model}>
          {model}
        </span>
        <span className="quiet small cut">{provider}</span>
      </>
    ),
  },
  {
    head: 'Tokens in → out',
    className: 'number col-tokens wide-only',
    cell: ({ usage }) => `${formatCount(usage?.inputTokens)} → ${formatCount(usage?.outputTokens)}`,
  },
  {
    head: 'Cost',
    className: 'number col-figure wide-only',
    cell: ({ costUsd }) => formatUsd(costUsd),
  },
  {
    head: 'Latency',
    className: 'number col-figure wide-only',
    cell: ({ latencyMs }) => formatDuration(latencyMs),
  },
  {
    head: 'Asked',
    className: 'number col-ago wide-only',
    cell: ({ createdAt }) => <AgoText at={createdAt} />,
  },
];

type RunTableProps = {
  runs: readonly Inference[];
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
  isOld?: boolean;
};

export const RunTable = ({ runs, query, isOld = false }: RunTableProps) => (
  <VirtualTable
    label="Runs"
    rows={runs}
    keyOf={({ id }) => id}
    columns={columns}
    rowPx={58}
    query={query}
    isOld={isOld}
  />
);
