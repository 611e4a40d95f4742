import { lazy, Suspense, useEffect } from 'react';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { entraReturnPath } from './api/entra-address.ts';
import { onSignedOut } from './api/http-client.ts';
import { useForgetSession, useSession } from './api/use-session.ts';
import { EntraReturnPage } from './pages/entra-return-page.tsx';
import { NotFoundPage } from './pages/not-found-page.tsx';
import { SignInPage } from './pages/sign-in-page.tsx';
import { Frame } from './parts/frame.tsx';
import { ErrorNotice, Loading } from './parts/notices.tsx';
import { PageBoundary } from './parts/page-boundary.tsx';

const BatchesPage = lazy(async () => ({ default: (await import('./pages/batches-page.tsx')).BatchesPage }));
const NewBatchPage = lazy(async () => ({
  default: (await import('./pages/new-batch-page.tsx')).NewBatchPage,
}));
const BatchPage = lazy(async () => ({ default: (await import('./pages/batch-page.tsx')).BatchPage }));
const RunsPage = lazy(async () => ({ default: (await import('./pages/runs-page.tsx')).RunsPage }));
const RunPage = lazy(async () => ({ default: (await import('./pages/run-page.tsx')).RunPage }));
const DuplicatesPage = lazy(async () => ({
  default: (await import('./pages/duplicates-page.tsx')).DuplicatesPage,
}));
const ExportsPage = lazy(async () => ({ default: (await import('./pages/exports-page.tsx')).ExportsPage }));
const PlaygroundPage = lazy(async () => ({
  default: (await import('./pages/playground-page.tsx')).PlaygroundPage,
}));
const SchedulesPage = lazy(async () => ({
  default: (await import('./pages/schedules-page.tsx')).SchedulesPage,
}));
const SchedulePage = lazy(async () => ({
  default: (await import('./pages/schedule-page.tsx')).SchedulePage,
}));
const EditSchedulePage = lazy(async () => ({
  default: (await import('./pages/edit-schedule-page.tsx')).EditSchedulePage,
}));
const StudyPage = lazy(async () => ({ default: (await import('./pages/study-page.tsx')).StudyPage }));
const VersusPage = lazy(async () => ({ default: (await import('./pages/versus-page.tsx')).VersusPage }));
const PricesPage = lazy(async () => ({ default: (await import('./pages/prices-page.tsx')).PricesPage }));
const SettingsPage = lazy(async () => ({
  default: (await import('./pages/settings-page.tsx')).SettingsPage,
}));

const Pages = () => (
  <Switch>
    <Route path="/">
      <Redirect to="/batches" replace />
    </Route>
    <Route path="/batches" component={BatchesPage} />
    <Route path="/batches/new" component={NewBatchPage} />
    <Route path="/batches/:id">{({ id }) => <BatchPage key={id} id={id} />}</Route>
    <Route path="/runs" component={RunsPage} />
    <Route path="/runs/duplicates" component={DuplicatesPage} />
    <Route path="/runs/exports" component={ExportsPage} />
    <Route path="/runs/:id">{({ id }) => <RunPage key={id} id={id} />}</Route>
    <Route path="/playground" component={PlaygroundPage} />
    <Route path="/schedules" component={SchedulesPage} />
    <Route path="/schedules/new">
      <EditSchedulePage id={null} />
    </Route>
    <Route path="/schedules/:id">{({ id }) => <SchedulePage key={id} id={id} />}</Route>
    <Route path="/schedules/:id/edit">{({ id }) => <EditSchedulePage key={id} id={id} />}</Route>
    <Route path="/study" component={StudyPage} />
    <Route path="/study/versus" component={VersusPage} />
    <Route path="/settings" component={SettingsPage} />
    <Route path="/settings/prices" component={PricesPage} />
    <Route component={NotFoundPage} />
  </Switch>
);

/** Who is not signed in sees the form at the address they came to, and that page afterwards. */
export const Dashboard = () => {
  const session = useSession();
  const forget = useForgetSession();
  const [location] = useLocation();
  useEffect(() => onSignedOut(forget));
  if (location === entraReturnPath) return <EntraReturnPage />;
  if (session.isPending) return <Loading rows={3} />;
  if (session.isError) return <ErrorNotice error={session.error} onRetry={() => void session.refetch()} />;
  if (session.data === null) return <SignInPage />;
  return (
    <Frame>
      <PageBoundary key={location}>
        <Suspense fallback={<Loading />}>
          <Pages />
        </Suspense>
      </PageBoundary>
    </Frame>
  );
};
