import { useSearchParams } from 'wouter';
import type { Batch } from '../../src/contract/batch.ts';
import type { BatchVersus, PairedDifference } from '../../src/contract/study-versus.ts';
import { useBatches } from '../api/use-batches.ts';
import { useVersus } from '../api/use-study.ts';
import { formatPoints, formatSigned } from '../format/format-estimates.ts';
import { formatCount, formatDuration, formatUnit, formatUsd, unknown } from '../format/format-values.ts';
import { OutcomeBadge } from '../parts/badges.tsx';
import { ChoiceField } from '../parts/choice-field.tsx';
import { EmptyNotice, ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { StatTiles } from '../parts/stat-list.tsx';

const nameOf = ({ name, id }: Batch) => name ?? `Batch ${id.slice(-8)}`;

/** An interval that leaves out 0 tells a difference; one that holds it tells none. */
const verdictOf = (low: number, high: number) =>
  low > 0 || high < 0 ? 'differ: the interval leaves out 0' : 'no difference shown: the interval holds 0';

const differenceStat = (
  label: string,
  difference: PairedDifference | null,
  format: (value: number) => string,
) => ({
  label,
  value: difference === null ? unknown : format(difference.mean),
  note:
    difference === null
      ? 'not known in enough items'
      : `${format(difference.low)} to ${format(difference.high)} · ${formatUnit(difference.itemCount, 'item')} · ${verdictOf(difference.low, difference.high)}`,
});

const formatMs = (value: number) => formatSigned(value, formatDuration);
const formatMoney = (value: number) => formatSigned(value, (size) => formatUsd(size.toFixed(12)));

const VersusFigures = ({ versus }: { versus: BatchVersus }) => {
  const { success, costUsd } = versus;
  const cost =
    costUsd === null
      ? null
      : { ...costUsd, mean: Number(costUsd.mean), low: Number(costUsd.low), high: Number(costUsd.high) };
  return (
    <div className="stack">
      <p>
        <strong>
          {versus.a.provider}/{versus.a.model}
        </strong>{' '}
        (A) against{' '}
        <strong>
          {versus.b.provider}/{versus.b.model}
        </strong>{' '}
        (B), item by item: {formatUnit(versus.bothCount, 'item')} in both, {formatCount(versus.onlyInACount)}{' '}
        only in A, {formatCount(versus.onlyInBCount)} only in B
        {versus.unsettledCount > 0 && `, ${formatCount(versus.unsettledCount)} not settled yet`}. Differences
        are B − A, with 95 % intervals.
      </p>
      <StatTiles
        stats={[
          differenceStat('Success', success.difference, formatPoints),
          differenceStat('Latency', versus.latencyMs, formatMs),
          differenceStat('Cost of an item', cost, formatMoney),
          {
            label: 'Answered only by A / only by B',
            value: `${formatCount(success.okOnlyInA)} / ${formatCount(success.okOnlyInB)}`,
            note:
              success.mcnemarMidP === null
                ? 'no test: items have repetitions'
                : `McNemar’s mid-p ${success.mcnemarMidP < 0.001 ? '<0.001' : success.mcnemarMidP.toFixed(3)}`,
          },
        ]}
      />
      {versus.outcomes.length > 0 && (
        <div className="table-box">
          <table>
            <thead>
              <tr>
                <th scope="col">In A</th>
                <th scope="col">In B</th>
                <th scope="col" className="number">
                  Items
                </th>
              </tr>
            </thead>
            <tbody>
              {versus.outcomes.map(({ a, b, count }) => (
                <tr key={`${a} ${b}`}>
                  <td>
                    <OutcomeBadge outcome={a} />
                  </td>
                  <td>
                    <OutcomeBadge outcome={b} />
                  </td>
                  <td className="number">{formatCount(count)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
};

type SideProps = {
  side: 'A' | 'B';
  batches: readonly Batch[];
  id: string;
  target: number;
  onChange: (id: string, target: number) => void;
};

const SideFields = ({ side, batches, id, target, onChange }: SideProps) => {
  const targets = batches.find((batch) => batch.id === id)?.targets ?? [];
  const names = Object.fromEntries(batches.map((batch) => [batch.id, nameOf(batch)]));
  return (
    <>
      <ChoiceField
        label={`Batch ${side}`}
        value={id}
        choices={{ '': 'choose one', ...(id !== '' && names[id] === undefined && { [id]: id }), ...names }}
        onChange={(next) => onChange(next, 0)}
      />
      {targets.length > 1 && (
        <ChoiceField
          label={`Target of ${side}`}
          value={String(target)}
          choices={Object.fromEntries(
            targets.map(({ provider, model }, index) => [index, `${provider}/${model}`]),
          )}
          onChange={(next) => onChange(id, Number(next))}
        />
      )}
    </>
  );
};

export const VersusPage = () => {
  const [search, setSearch] = useSearchParams();
  const list = useBatches(undefined);
  const batches = list.data?.pages.flatMap(({ data }) => data) ?? [];
  const choice = {
    a: search.get('a') ?? '',
    b: search.get('b') ?? '',
    targetA: Number(search.get('targetA') ?? 0),
    targetB: Number(search.get('targetB') ?? 0),
  };
  const query = useVersus(choice);
  const change = (part: Partial<typeof choice>) =>
    setSearch(
      Object.fromEntries(
        Object.entries({ ...choice, ...part }).map(([name, value]) => [name, String(value)]),
      ),
      { replace: true },
    );
  const isChosen = choice.a !== '' && choice.b !== '';
  return (
    <>
      <PageHead
        title="Two batches"
        up={{ href: '/study', label: 'Study' }}
        about="The same items in two batches, or in two targets of one, against each other."
      />
      <div className="stack">
        <div className="fields">
          <SideFields
            side="A"
            batches={batches}
            id={choice.a}
            target={choice.targetA}
            onChange={(a, targetA) => change({ a, targetA })}
          />
          <SideFields
            side="B"
            batches={batches}
            id={choice.b}
            target={choice.targetB}
            onChange={(b, targetB) => change({ b, targetB })}
          />
        </div>
        {list.isError && <ErrorNotice error={list.error} />}
        {!isChosen && <EmptyNotice title="Choose two batches that share items" />}
        {isChosen && query.isPending && <Loading />}
        {isChosen && query.isError && (
          <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
        )}
        {isChosen && query.data && <VersusFigures versus={query.data} />}
      </div>
    </>
  );
};
