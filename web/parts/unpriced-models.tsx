import { Link } from 'wouter';
import { type UnpricedModel, useUnpricedModels } from '../api/use-prices.ts';
import { formatUnit } from '../format/format-values.ts';
import { ErrorNotice } from './notices.tsx';

type UnpricedModelsProps = {
  /** Left out: the reader may not add prices. */
  onPrice?: ((model: UnpricedModel) => void) | undefined;
};

/** Points out models whose answers nobody knows the cost of. */
export const UnpricedModels = ({ onPrice }: UnpricedModelsProps) => {
  const { models, isPending, error } = useUnpricedModels();
  if (error !== null) return <ErrorNotice error={error} />;
  if (isPending || models.length === 0) return null;
  return (
    <section className="notice notice-warn" aria-labelledby="unpriced">
      <strong id="unpriced">In use without a price</strong>
      <ul className="plain">
        {models.map((each) => {
          const { provider, model, runCount } = each;
          return (
            <li key={`${provider}/${model}`} className="row">
              <Link href={`/runs?${new URLSearchParams({ provider, model, outcome: 'ok' })}`}>
                {provider}/{model}
              </Link>
              <span className="quiet">{formatUnit(runCount, 'answer')} of unknown cost</span>
              {onPrice && (
                <button
                  type="button"
                  className="button button-small"
                  aria-label={`Add a price of ${provider}/${model}`}
                  onClick={() => onPrice(each)}
                >
                  Add a price
                </button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
};
