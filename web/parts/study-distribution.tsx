import { rectY, ruleX, ruleY, text } from '@observablehq/plot';
import { useMemo, useState } from 'react';
import type { InferenceFilter } from '../../src/contract/inference.ts';
import type { StudyDistribution as Distribution, DistributionQuery } from '../../src/contract/study.ts';
import { useDistribution } from '../api/use-study.ts';
import { formatCount } from '../format/format-values.ts';
import { Chart } from './chart.tsx';
import { ChoiceField } from './choice-field.tsx';
import { EmptyNotice, ErrorNotice, Loading } from './notices.tsx';

const quantities: Readonly<Record<DistributionQuery['of'], string>> = {
  latencyMs: 'latency, ms',
  firstTokenMs: 'time to the first token, ms',
  inputTokens: 'input tokens',
  outputTokens: 'output tokens',
  costUsd: 'cost, USD',
};
const binCount = 40;

const DistributionChart = ({ distribution }: { distribution: Distribution }) => {
  const options = useMemo(() => {
    const bins = distribution.bins.filter(({ from, to }) => from > 0 && to > from);
    const marked = (['p50', 'p95', 'p99'] as const).flatMap((name) => {
      const estimate = distribution[name];
      return estimate === null || estimate.value <= 0 ? [] : [{ name, value: estimate.value }];
    });
    return {
      height: 280,
      marginLeft: 60,
      marginTop: 30,
      x: { type: 'log' as const, label: quantities[distribution.of], ticks: 6, tickFormat: '~s' },
      y: { label: 'runs', grid: true },
      marks: [
        rectY(bins, { x1: 'from', x2: 'to', y: 'count', fill: '#149b8c', fillOpacity: 0.75 }),
        ruleX(marked, { x: 'value', strokeDasharray: '4 3', strokeOpacity: 0.7 }),
        text(marked, { x: 'value', text: 'name', frameAnchor: 'top' as const, dy: -14 }),
        ruleY([0], { strokeOpacity: 0.4 }),
      ],
    };
  }, [distribution]);
  return (
    <Chart
      title={`Distribution of ${quantities[distribution.of]} over ${formatCount(distribution.count)} runs, on a scale of ratios`}
      name={`distribution-of-${distribution.of}`}
      options={options}
      table={{
        head: ['from', 'to', 'runs'],
        rows: distribution.bins.map(({ from, to, count }) => [from, to, count]),
      }}
    />
  );
};

/** How a quantity is spread, on a scale of ratios. */
export const StudyDistribution = ({ filter }: { filter: InferenceFilter }) => {
  const [of, setOf] = useState<DistributionQuery['of']>('latencyMs');
  const query = useDistribution({ ...filter, of, bins: binCount });
  const zeros = query.data?.bins.find(({ from, to }) => from === to || to <= 0)?.count ?? 0;
  return (
    <section className="card" aria-labelledby="distribution">
      <div className="card-head">
        <h2 id="distribution">Distribution</h2>
        <ChoiceField label="Of" value={of} choices={quantities} onChange={setOf} />
      </div>
      {query.isPending && <Loading />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.data &&
        (query.data.count - zeros === 0 ? (
          <EmptyNotice title={zeros > 0 ? `All ${formatCount(zeros)} are 0` : 'Nothing is known of this'} />
        ) : (
          <>
            <DistributionChart distribution={query.data} />
            <p className="quiet small">
              {zeros > 0 && `${formatCount(zeros)} runs at 0 are not drawn. `}
              {query.data.unknownCount > 0 && `Unknown for ${formatCount(query.data.unknownCount)} runs.`}
            </p>
          </>
        ))}
    </section>
  );
};
