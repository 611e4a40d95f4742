import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { isProblemError } from './api/problem-error.ts';
import { Dashboard } from './dashboard.tsx';
import { applyTheme, readTheme } from './parts/theme.ts';

applyTheme(readTheme());

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // The server may be this machine: it is there without a network too.
      networkMode: 'always',
      staleTime: 5_000,
      // What the API refused will be refused again; what it could not do may work the next time.
      retry: (count, error) => count < 2 && (!isProblemError(error) || error.problem.retryable),
    },
    mutations: { networkMode: 'always' },
  },
});

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <Dashboard />
      </QueryClientProvider>
    </StrictMode>,
  );
}
