import { type DatedPrice, modelWords } from '../format/date-prices.ts';
import { formatUsd } from '../format/format-values.ts';
import { Badge } from './badges.tsx';
import { TimeText } from './time-text.tsx';

const tones = { later: 'busy', earlier: 'quiet' } as const;

/** Prices for a million tokens, each with the time from which it counts. */
export const PriceTable = ({ prices }: { prices: readonly DatedPrice[] }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
  <section className="table-box table-tall" tabIndex={0} aria-label="Prices in USD for a million tokens">
    <table>
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col" className="number">
            Input
          </th>
          <th scope="col" className="number wide-only">
            Cached input
          </th>
          <th scope="col" className="number">
            Output
          </th>
          <th scope="col" className="number wide-only">
            Reasoning
          </th>
          <th scope="col" className="wide-only">
            Source
          </th>
        </tr>
      </thead>
      <tbody>
        {prices.map(({ price, state }) => (
          <tr key={price.id}>
            <td>
              <strong className="breaks">
                {price.provider}/{modelWords(price.model)}
              </strong>
              <br />
              <span className="quiet small">
                from <TimeText at={price.effectiveFrom} />
              </span>{' '}
              {state !== 'in force' && <Badge tone={tones[state]}>{state}</Badge>}
            </td>
            <td className="number">{formatUsd(price.inputPerMillion)}</td>
            <td className="number wide-only">{formatUsd(price.cachedInputPerMillion)}</td>
            <td className="number">{formatUsd(price.outputPerMillion)}</td>
            <td className="number wide-only">{formatUsd(price.reasoningPerMillion)}</td>
            <td className="wide-only quiet small">{price.source}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);
