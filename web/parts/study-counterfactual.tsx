import { Link } from 'wouter';
import type { Counterfactual } from '../../src/contract/study.ts';
import { usePrices } from '../api/use-prices.ts';
import { useCounterfactual } from '../api/use-study.ts';
import { datePrices, modelWords } from '../format/date-prices.ts';
import { formatUnit, formatUsd } from '../format/format-values.ts';
import { ChoiceField } from './choice-field.tsx';
import { EmptyNotice, ErrorNotice, Loading } from './notices.tsx';
import { StatTiles } from './stat-list.tsx';
import type { StudyPartProps } from './study-comparison.tsx';

/** A model under one name; names of models may hold slashes, those of providers none. */
const splitName = (name: string): { targetProvider: string; targetModel: string } => {
  const slash = name.indexOf('/');
  return { targetProvider: name.slice(0, slash), targetModel: name.slice(slash + 1) };
};

const timesOf = ({ costUsd, actualCostUsd }: Counterfactual['compared']): string | null => {
  const [would, was] = [Number(costUsd), Number(actualCostUsd)];
  return costUsd === null || actualCostUsd === null || was === 0
    ? null
    : `${(would / was).toPrecision(3)} times`;
};

const Figures = ({ counterfactual }: { counterfactual: Counterfactual }) => {
  const { compared, pricedCount, unpricedCount, costUsd } = counterfactual;
  const times = timesOf(compared);
  return (
    <StatTiles
      stats={[
        { label: 'Would have cost', value: formatUsd(costUsd), note: `of ${formatUnit(pricedCount, 'run')}` },
        {
          label: 'Really cost → would have',
          value: `${formatUsd(compared.actualCostUsd)} → ${formatUsd(compared.costUsd)}`,
          note: `${times === null ? '' : `${times}, `}of ${formatUnit(compared.runCount, 'run')} with a known cost`,
        },
        {
          label: 'Left out',
          value: formatUnit(unpricedCount, 'run'),
          note: 'whose tokens are not known well enough',
        },
      ]}
    />
  );
};

/** What the same tokens would have cost elsewhere, by the price that is in force now. */
export const StudyCounterfactual = ({ filter, search, onChoose }: StudyPartProps) => {
  const on = search.get('on') ?? '';
  const prices = usePrices();
  const names = datePrices(prices.data ?? [], Date.now())
    .filter(({ state }) => state === 'in force')
    .map(({ price }): [string, string] => [
      `${price.provider}/${price.model}`,
      `${price.provider}/${modelWords(price.model)}`,
    ]);
  const query = useCounterfactual({ ...filter, ...splitName(on) }, on.includes('/'));
  return (
    <section className="card" aria-labelledby="what-if">
      <div className="card-head">
        <h2 id="what-if">On another model</h2>
        <ChoiceField
          label="What these runs would have cost on"
          value={on}
          choices={{ '': 'choose a model', ...(on !== '' && { [on]: on }), ...Object.fromEntries(names) }}
          onChange={(next) => onChoose({ on: next })}
        />
      </div>
      {prices.isError && <ErrorNotice error={prices.error} />}
      {on === '' && (
        <p className="quiet">
          The recorded tokens of these runs, by the price of another model.{' '}
          <Link href="/settings/prices">Prices</Link>
        </p>
      )}
      {on !== '' && query.isLoading && <Loading rows={2} />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {on !== '' &&
        query.data &&
        (query.data.priceId === null ? (
          <EmptyNotice title="No price of it is in force" />
        ) : (
          <Figures counterfactual={query.data} />
        ))}
    </section>
  );
};
