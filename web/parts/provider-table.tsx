import { Link } from 'wouter';
import type { ProviderCondition, ProviderInfo } from '../../src/contract/provider-info.ts';
import { useHasScope } from '../api/use-session.ts';
import { useProviderConditions, useProviders } from '../api/use-settings.ts';
import { formatInterval, formatMs, formatPercent } from '../format/format-estimates.ts';
import { formatCount, formatUnit, unknown } from '../format/format-values.ts';
import { standingOf } from '../format/provider-standing.ts';
import { Badge } from './badges.tsx';
import { EmptyNotice, ErrorNotice, Loading } from './notices.tsx';

const capabilityWords = {
  stream: 'streams',
  embed: 'embeds',
  listModels: 'lists its models',
  logprobs: 'log probabilities',
  seed: 'seed',
} as const;

const capabilitiesOf = ({ capabilities }: ProviderInfo): string =>
  Object.entries(capabilityWords)
    .filter(([name]) => capabilities[name as keyof typeof capabilityWords])
    .map(([, word]) => word)
    .join(', ');

const Models = ({ models }: ProviderInfo) =>
  models === null
    ? 'any'
    : models.map(({ id, contextTokens }) => (
        <div key={id}>
          {id}
          {contextTokens !== null && (
            <span className="quiet small"> · {formatUnit(contextTokens, 'token')}</span>
          )}
        </div>
      ));

const Standing = ({ condition }: { condition: ProviderCondition | undefined }) => {
  if (condition === undefined) return unknown;
  const { tone, word } = standingOf(condition);
  return <Badge tone={tone}>{word}</Badge>;
};

const LastHour = ({ condition }: { condition: ProviderCondition | undefined }) => {
  if (condition === undefined || condition.successRate === null) return unknown;
  const { successRate, latencyMs } = condition;
  return (
    <>
      {formatPercent(successRate.value)} of {formatCount(successRate.of)}
      <div className="quiet small">95 %: {formatInterval(successRate, formatPercent)}</div>
      <div className="quiet small">median {latencyMs === null ? unknown : formatMs(latencyMs.p50.value)}</div>
    </>
  );
};

const ProviderRow = ({
  provider,
  condition,
}: {
  provider: ProviderInfo;
  condition: ProviderCondition | undefined;
}) => (
  <tr>
    <td className="cell-name">
      <Link href={`/runs?provider=${provider.name}`}>{provider.name}</Link>
      <div className="quiet small">{provider.kind}</div>
      <div className="narrow-only">
        {provider.models !== null && <Models {...provider} />}
        <Standing condition={condition} />
      </div>
    </td>
    <td className="wide-only">
      <Standing condition={condition} />
    </td>
    <td>
      <LastHour condition={condition} />
    </td>
    <td className="wide-only">
      <Models {...provider} />
    </td>
    <td className="wide-only quiet">{capabilitiesOf(provider) || unknown}</td>
  </tr>
);

/** Who can be asked, and how they fare. */
export const ProviderTable = () => {
  const query = useProviders();
  const mayRead = useHasScope('study:read');
  const conditions = useProviderConditions(mayRead);
  return (
    <section className="card" aria-labelledby="providers">
      <h2 id="providers">Providers</h2>
      {query.isPending && <Loading rows={2} />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {conditions.isError && <ErrorNotice error={conditions.error} />}
      {query.data?.length === 0 && <EmptyNotice title="No provider is configured" />}
      {query.data && query.data.length > 0 && (
        <div className="table-box">
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col" className="wide-only">
                  Health
                </th>
                <th scope="col">Answered, last hour</th>
                <th scope="col" className="wide-only">
                  Models
                </th>
                <th scope="col" className="wide-only">
                  Can do
                </th>
              </tr>
            </thead>
            <tbody>
              {query.data.map((provider) => (
                <ProviderRow
                  key={provider.name}
                  provider={provider}
                  condition={conditions.data?.find(({ name }) => name === provider.name)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p className="quiet small">
        Providers are settings of the app; keys of providers never leave it.{' '}
        <Link href="/settings/prices">Prices of their models</Link>
      </p>
    </section>
  );
};
