import type { ProviderInfo } from '../../src/contract/provider-info.ts';
import { useHasScope, useSession } from '../api/use-session.ts';
import { useHealth, useProviders } from '../api/use-settings.ts';
import { formatCount } from '../format/format-values.ts';
import { KeySettings } from '../parts/key-settings.tsx';
import { EmptyNotice, ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { FactList } from '../parts/stat-list.tsx';
import { TimeText } from '../parts/time-text.tsx';

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

const Providers = () => {
  const query = useProviders();
  return (
    <section className="card" aria-labelledby="providers">
      <h2 id="providers">Providers</h2>
      {query.isPending && <Loading rows={2} />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.data?.length === 0 && <EmptyNotice title="No provider is configured" />}
      {query.data && query.data.length > 0 && (
        <div className="table-box">
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Kind</th>
                <th scope="col">Models</th>
                <th scope="col" className="wide-only">
                  Can do
                </th>
              </tr>
            </thead>
            <tbody>
              {query.data.map((provider) => (
                <tr key={provider.name}>
                  <td className="cell-name">{provider.name}</td>
                  <td>{provider.kind}</td>
                  <td>
                    {provider.models === null
                      ? 'any'
                      : provider.models.map(({ id, contextTokens }) => (
                          <div key={id}>
                            {id}
                            {contextTokens !== null && (
                              <span className="quiet small"> · {formatCount(contextTokens)} tokens</span>
                            )}
                          </div>
                        ))}
                  </td>
                  <td className="wide-only">{capabilitiesOf(provider) || '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p className="quiet small">Providers are settings of the app; keys of providers never leave it.</p>
    </section>
  );
};

const About = () => {
  const health = useHealth();
  const session = useSession();
  return (
    <section className="card" aria-labelledby="about">
      <h2 id="about">About</h2>
      <FactList
        facts={[
          { label: 'Version', value: health.data?.version ?? '–' },
          { label: 'Signed in as', value: session.data?.owner ?? '–' },
          { label: 'Scopes', value: session.data?.scopes.join(', ') ?? '–' },
          { label: 'Session ends', value: <TimeText at={session.data?.expiresAt ?? null} /> },
          { label: 'API', value: <a href="/api/docs">Documentation</a> },
          { label: 'Description', value: <a href="/api/openapi.json">OpenAPI 3.1</a> },
        ]}
      />
    </section>
  );
};

export const SettingsPage = () => {
  const isAdmin = useHasScope('admin');
  return (
    <>
      <PageHead title="Settings" />
      <div className="stack">
        <Providers />
        {isAdmin && <KeySettings />}
        <About />
      </div>
    </>
  );
};
