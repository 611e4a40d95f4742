import { Link } from 'wouter';
import type { Batch } from '../../src/contract/batch.ts';
import type { Outcome } from '../../src/contract/inference.ts';
import type { BatchVersus, PairedDifference } from '../../src/contract/study-versus.ts';
import { useBatch, useBatches } from '../api/use-batches.ts';
import { useVersus } from '../api/use-study.ts';
import { formatMs, formatPoints, formatSigned } from '../format/format-estimates.ts';
import { formatTime } from '../format/format-times.ts';
import { formatCount, formatUnit, formatUsd, unknown } from '../format/format-values.ts';
import { OutcomeBadge } from '../parts/badges.tsx';
import { ChoiceField } from '../parts/choice-field.tsx';
import { DifferenceBar } from '../parts/difference-bar.tsx';
import { EmptyNotice, ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { type Stat, StatTiles } from '../parts/stat-list.tsx';
import { useAddress } from '../parts/use-address.ts';

const nameOf = ({ name, id }: Batch) => name ?? `Batch ${id.slice(-8)}`;

/** An interval that leaves out 0 tells a difference; one that holds it tells none. */
const verdictOf = (low: number, high: number) =>
  low > 0 || high < 0
    ? 'They differ: the interval leaves out 0.'
    : 'No difference shown: the interval holds 0.';

const differenceStat = (
  label: string,
  difference: Omit<PairedDifference, 'resamples' | 'seed'> | null,
  format: (value: number) => string,
): Stat => {
  if (difference === null) return { label, value: unknown, note: 'not known in enough items' };
  const { mean, low, high, itemCount } = difference;
  return {
    label,
    value: format(mean),
    note: (
      <>
        <DifferenceBar mean={mean} low={low} high={high} />
        {format(low)} to {format(high)}, of {formatUnit(itemCount, 'item')}
        <br />
        {verdictOf(low, high)}
      </>
    ),
  };
};

const formatTimes = (value: number) => formatSigned(value, formatMs);
const formatMoney = (value: number) => formatSigned(value, (size) => formatUsd(size.toFixed(12)));

const SideName = ({ side }: { side: BatchVersus['a'] }) => (
  <strong>
    <Link href={`/batches/${side.batchId}`}>
      {side.provider}/{side.model}
    </Link>
  </strong>
);

const itemsOf = ({ batchId, targetIndex }: BatchVersus['a'], outcome: Outcome) =>
  `/batches/${batchId}?${new URLSearchParams({ outcome, targetIndex: String(targetIndex) })}`;

const VersusFigures = ({ versus }: { versus: BatchVersus }) => {
  const { success, costUsd } = versus;
  const cost =
    costUsd === null
      ? null
      : { ...costUsd, mean: Number(costUsd.mean), low: Number(costUsd.low), high: Number(costUsd.high) };
  return (
    <div className="stack">
      <p>
        <SideName side={versus.a} /> (A) against <SideName side={versus.b} /> (B), item by item:{' '}
        {formatUnit(versus.bothCount, 'item')} in both, {formatCount(versus.onlyInACount)} only in A,{' '}
        {formatCount(versus.onlyInBCount)} only in B
        {versus.unsettledCount > 0 && `, ${formatCount(versus.unsettledCount)} not settled yet`}. Differences
        are B − A, with 95 % intervals.
      </p>
      <StatTiles
        stats={[
          differenceStat('Success', success.difference, formatPoints),
          differenceStat('Latency', versus.latencyMs, formatTimes),
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
                    <Link href={itemsOf(versus.a, a)}>
                      <OutcomeBadge outcome={a} />
                    </Link>
                  </td>
                  <td>
                    <Link href={itemsOf(versus.b, b)}>
                      <OutcomeBadge outcome={b} />
                    </Link>
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
  const listed = batches.find((batch) => batch.id === id);
  // One that is older than the list is asked for by itself.
  const { data: older } = useBatch(id, false, id !== '' && batches.length > 0 && listed === undefined);
  const batch = listed ?? older;
  const targets = batch?.targets ?? [];
  const names = Object.fromEntries(
    batches.map((each) => [each.id, `${nameOf(each)} · ${formatTime(each.createdAt)}`]),
  );
  return (
    <div className="stack">
      <ChoiceField
        label={`Batch ${side}`}
        value={id}
        choices={{
          '': 'choose one',
          ...(id !== '' && names[id] === undefined && { [id]: batch === undefined ? id : nameOf(batch) }),
          ...names,
        }}
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
    </div>
  );
};

export const VersusPage = () => {
  const { search, change: changeAddress } = useAddress();
  const list = useBatches(undefined);
  const batches = list.data?.pages.flatMap(({ data }) => data) ?? [];
  const choice = {
    a: search.get('a') ?? '',
    b: search.get('b') ?? '',
    targetA: Number(search.get('targetA')),
    targetB: Number(search.get('targetB')),
  };
  const query = useVersus(choice);
  const change = (part: Partial<typeof choice>) =>
    changeAddress(
      Object.fromEntries(
        Object.entries({ ...choice, ...part }).map(([name, value]) => [name, String(value)]),
      ),
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
        <div className="sides">
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
        <div className="row">
          <button
            type="button"
            className="button button-small"
            disabled={!isChosen}
            onClick={() =>
              change({ a: choice.b, b: choice.a, targetA: choice.targetB, targetB: choice.targetA })
            }
          >
            Swap A and B
          </button>
          {list.hasNextPage && (
            <button
              type="button"
              className="button button-small"
              disabled={list.isFetchingNextPage}
              onClick={() => void list.fetchNextPage()}
            >
              Offer older batches too
            </button>
          )}
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
