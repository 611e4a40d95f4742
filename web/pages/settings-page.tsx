import { useHasScope, useSession } from '../api/use-session.ts';
import { useHealth, useReadiness } from '../api/use-settings.ts';
import { unknown } from '../format/format-values.ts';
import { Badge } from '../parts/badges.tsx';
import { KeySettings } from '../parts/key-settings.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ProviderTable } from '../parts/provider-table.tsx';
import { FactList } from '../parts/stat-list.tsx';
import { TimeText } from '../parts/time-text.tsx';

const Check = ({ state }: { state: string | undefined }) =>
  state === undefined ? unknown : <Badge tone={state === 'ok' ? 'good' : 'bad'}>{state}</Badge>;

const About = () => {
  const health = useHealth();
  const checks = useReadiness().data?.checks;
  const session = useSession();
  return (
    <section className="card" aria-labelledby="about">
      <h2 id="about">About</h2>
      <FactList
        facts={[
          { label: 'Version', value: health.data?.version ?? unknown },
          { label: 'Database', value: <Check state={checks?.database} /> },
          { label: 'Its schema', value: <Check state={checks?.migrations} /> },
          { label: 'Signed in as', value: session.data?.owner ?? unknown },
          { label: 'Scopes', value: session.data?.scopes.join(', ') ?? unknown },
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
        <ProviderTable />
        {isAdmin && <KeySettings />}
        <About />
      </div>
    </>
  );
};
