import type { BatchEstimate } from '../../src/contract/batch.ts';
import { formatCount, formatUsd } from '../format/format-values.ts';
import { StatTiles } from './stat-list.tsx';

/** What a batch may come to, in all and for each target. */
export const EstimateCard = ({ estimate }: { estimate: BatchEstimate }) => (
  <section className="card" aria-labelledby="estimate">
    <h2 id="estimate">Estimate</h2>
    <StatTiles
      stats={[
        {
          label: 'Questions',
          value: formatCount(estimate.planned),
          note:
            estimate.asked === estimate.planned
              ? 'all are asked'
              : `${formatCount(estimate.asked)} are asked`,
        },
        { label: 'Input alone, guessed', value: formatUsd(estimate.inputCostUsd), note: 'USD' },
        {
          label: 'At most',
          value: formatUsd(estimate.maxCostUsd),
          note: estimate.maxCostUsd === null ? 'a price is unknown' : 'USD, unless asked again',
        },
      ]}
    />
    <div className="table-box">
      <table>
        <thead>
          <tr>
            <th scope="col">Target</th>
            <th scope="col" className="number">
              Asked
            </th>
            <th scope="col" className="number">
              Input tokens
            </th>
            <th scope="col" className="number wide-only">
              Output at most
            </th>
            <th scope="col" className="number">
              Cost at most
            </th>
          </tr>
        </thead>
        <tbody>
          {estimate.targets.map((target, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a target is its place
            <tr key={index}>
              <td>
                {target.provider}/{target.model}
              </td>
              <td className="number">{formatCount(target.asked)}</td>
              <td className="number">{formatCount(target.inputTokens)}</td>
              <td className="number wide-only">{formatCount(target.maxOutputTokens)}</td>
              <td className="number">{formatUsd(target.maxCostUsd)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </section>
);
