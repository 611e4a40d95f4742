import { useState } from 'react';
import type { RecostReport, RecostRuns } from '../../src/contract/recost.ts';
import { useRecost } from '../api/use-prices.ts';
import { formatCount, formatUnit, formatUsd } from '../format/format-values.ts';
import { ChoiceField } from './choice-field.tsx';
import { ErrorNotice } from './notices.tsx';
import { StatTiles } from './stat-list.tsx';

const chosenRuns: Readonly<Record<RecostRuns['runs'], string>> = {
  unknown: 'without a cost',
  all: 'all, anew',
};

const Report = ({ report, done }: { report: RecostReport; done: boolean }) => (
  <StatTiles
    stats={[
      { label: done ? 'Changed' : 'Would change', value: formatUnit(report.changedCount, 'run') },
      { label: 'Looked at', value: formatCount(report.examinedCount), note: 'settled runs' },
      {
        label: 'Known cost',
        value: `${formatUsd(report.costUsdBefore)} → ${formatUsd(report.costUsdAfter)}`,
        note: 'of the runs looked at',
      },
      {
        label: 'Still unknown',
        value: formatCount(report.unknownCount),
        note: 'no price, or no number of tokens',
      },
    ]}
  />
);

/** Costs computed anew, for administrators: first what would change, then the change. */
export const RecostCard = ({ providers }: { providers: readonly string[] }) => {
  const [runs, setRuns] = useState<RecostRuns['runs']>('unknown');
  const [provider, setProvider] = useState('');
  const preview = useRecost();
  const change = useRecost();
  const request = { runs, filter: provider === '' ? {} : { provider } };
  const choose = (choice: () => void) => {
    choice();
    preview.reset();
    change.reset();
  };
  const busy = preview.isPending || change.isPending;
  return (
    <section className="card" aria-labelledby="recost">
      <h2 id="recost">Re-cost what was asked</h2>
      <p className="quiet">
        Takes the recorded tokens and the price that was in force when each run was asked. What the budgets of
        batches have spent stays as it is.
      </p>
      <div className="fields">
        <ChoiceField
          label="Runs"
          value={runs}
          choices={chosenRuns}
          onChange={(next) => choose(() => setRuns(next))}
        />
        <ChoiceField
          label="Of provider"
          value={provider}
          choices={{ '': 'any', ...Object.fromEntries(providers.map((name) => [name, name])) }}
          onChange={(next) => choose(() => setProvider(next))}
        />
      </div>
      <div aria-live="polite" className="stack">
        {preview.isSuccess && !change.isSuccess && <Report report={preview.data} done={false} />}
        {change.isSuccess && <Report report={change.data} done />}
        {preview.isError && <ErrorNotice error={preview.error} />}
        {change.isError && <ErrorNotice error={change.error} />}
      </div>
      <div className="row">
        <button
          type="button"
          className="button"
          disabled={busy}
          onClick={() => {
            change.reset();
            preview.mutate({ ...request, preview: true });
          }}
        >
          {preview.isPending ? 'Computing…' : 'Preview'}
        </button>
        {preview.isSuccess && !change.isSuccess && preview.data.changedCount > 0 && (
          <button
            type="button"
            className="button button-primary"
            disabled={busy}
            onClick={() => change.mutate({ ...request, preview: false })}
          >
            {change.isPending ? 'Changing…' : `Change ${formatUnit(preview.data.changedCount, 'run')}`}
          </button>
        )}
      </div>
    </section>
  );
};
