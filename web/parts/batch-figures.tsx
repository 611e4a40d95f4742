import { Link } from 'wouter';
import type { BatchDetail } from '../../src/contract/batch.ts';
import {
  formatCount,
  formatDuration,
  formatRate,
  formatShare,
  formatUnit,
  formatUsd,
  unknown,
} from '../format/format-values.ts';
import { CapMeter } from './cap-meter.tsx';
import { OutcomeBar } from './outcome-bar.tsx';
import { FactList, type Stat, StatTiles } from './stat-list.tsx';
import { AgoText, TimeText } from './time-text.tsx';

/** Nothing whose cost is known: then the sum says nothing. */
const spendOf = ({ spend, counts }: BatchDetail): string => {
  const answered = counts.outcomes.ok ?? 0;
  const isUnknown = spend.unknownCostCount > 0 && Number(spend.costUsd) === 0 && answered > 0;
  return isUnknown ? unknown : formatUsd(spend.costUsd);
};

const paceOf = (batch: BatchDetail): Stat[] => {
  const { startedAt, finishedAt, etaSeconds, itemsPerSecond } = batch;
  if (finishedAt !== null) {
    const tookMs = startedAt === null ? null : Date.parse(finishedAt) - Date.parse(startedAt);
    return [{ label: 'Took', value: formatDuration(tookMs), note: 'from the first question' }];
  }
  return [
    { label: 'Rate', value: formatRate(itemsPerSecond), note: 'over the last minute' },
    {
      label: 'Remaining',
      value: formatDuration(etaSeconds === null ? null : etaSeconds * 1000),
      note: etaSeconds === null ? 'cannot be told yet' : 'at that rate',
    },
  ];
};

const figuresOf = (batch: BatchDetail, settled: number): Stat[] => {
  const { counts, spend } = batch;
  const { budget } = spend;
  const answered = counts.outcomes.ok ?? 0;
  return [
    {
      label: 'Answered',
      value: formatCount(answered),
      note: `${formatShare(answered, settled)} of what is settled`,
    },
    ...paceOf(batch),
    {
      label: 'Spent',
      value: spendOf(batch),
      note: (
        <>
          {budget?.maxCostUsd != null && (
            <CapMeter
              label="cost"
              spent={Number(budget.spentUsd)}
              reserved={Number(budget.reservedUsd)}
              cap={Number(budget.maxCostUsd)}
              format={(usd) => formatUsd(String(usd))}
            />
          )}
          {budget?.maxCostUsd == null && 'no cost cap'}
          {spend.unknownCostCount > 0 && ` · ${formatUnit(spend.unknownCostCount, 'run')} of unknown cost`}
        </>
      ),
    },
    {
      label: 'Tokens in → out',
      value: `${formatCount(spend.inputTokens)} → ${formatCount(spend.outputTokens)}`,
      note:
        budget?.maxTokens == null ? (
          'no token cap'
        ) : (
          <CapMeter
            label="tokens"
            spent={budget.spentTokens}
            reserved={budget.reservedTokens}
            cap={budget.maxTokens}
            format={formatCount}
          />
        ),
    },
  ];
};

const factsOf = (batch: BatchDetail): Stat[] => [
  {
    label: batch.targets.length === 1 ? 'Asked of' : `Asked of ${batch.targets.length} targets`,
    value: batch.targets.map(({ provider, model }, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: a target is its place
      <div key={index}>
        {provider}/{model}
      </div>
    )),
  },
  {
    label: 'Each question',
    value: `${formatUnit(batch.repetitions, 'repetition')}, ${formatUnit(batch.maxAttempts, 'attempt')} at most`,
  },
  { label: 'Concurrency', value: `${formatUnit(batch.concurrency, 'call')} at once` },
  { label: 'Created', value: <TimeText at={batch.createdAt} /> },
  batch.finishedAt === null
    ? { label: 'Last progress', value: <AgoText at={batch.progressedAt} /> }
    : { label: 'Finished', value: <TimeText at={batch.finishedAt} /> },
  { label: 'Its runs', value: <Link href={`/runs?batchId=${batch.id}`}>In the list of runs</Link> },
  { label: 'Id', value: <code>{batch.id}</code> },
];

/** How far a batch has come, how fast, and what it has spent. */
export const BatchFigures = ({ batch }: { batch: BatchDetail }) => {
  const { counts } = batch;
  const settled = counts.planned - counts.pending - counts.inProgress;
  return (
    <section className="card" aria-label="Progress">
      <div className="card-head card-head-tight" aria-live="polite">
        <strong>
          {formatCount(settled)} of {formatUnit(counts.planned, 'question')} settled
        </strong>
        <span className="quiet">
          {counts.inProgress > 0 && `${formatCount(counts.inProgress)} under way · `}
          {formatShare(settled, counts.planned)}
        </span>
      </div>
      <OutcomeBar counts={counts} />
      <StatTiles stats={figuresOf(batch, settled)} />
      <FactList facts={factsOf(batch)} />
    </section>
  );
};
