import { type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type Scope, Session } from '../../src/contract/api-key.ts';
import { getJson, send, sendJson } from './http-client.ts';
import { isProblemError } from './problem-error.ts';

const path = '/api/v1/session';
const key = ['session'];
/** Says that there may be a session: script never sees the cookie, and asking in vain is an error in the console. */
const hint = 'sq-signed-in';

const readSession = async (): Promise<Session | null> => {
  if (localStorage.getItem(hint) === null) return null;
  try {
    return await getJson(Session, path);
  } catch (error) {
    if (!isProblemError(error) || error.problem.status !== 401) throw error;
    localStorage.removeItem(hint);
    return null;
  }
};

/** What the signed-in one has seen goes; the session's own entry stays, because the page listens to it. */
const dropSeen = (queryClient: QueryClient) => {
  queryClient.getMutationCache().clear();
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== key[0] });
};

/** null: nobody is signed in. */
export const useSession = () => useQuery({ queryKey: key, queryFn: readSession, staleTime: 60_000 });

export const useHasScope = (scope: Scope): boolean => {
  const scopes = useSession().data?.scopes ?? [];
  return scopes.includes(scope) || scopes.includes('admin');
};

export const useSignIn = () => {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (apiKey: string) => sendJson(Session, 'POST', path, { key: apiKey }),
    onSuccess: (session) => {
      localStorage.setItem(hint, 'yes');
      dropSeen(queryClient);
      queryClient.setQueryData(key, session);
    },
  });
};

/** Forgets what this browser has seen. */
export const useForgetSession = () => {
  const queryClient = useQueryClient();
  return () => {
    localStorage.removeItem(hint);
    dropSeen(queryClient);
    queryClient.setQueryData(key, null);
  };
};

export const useSignOut = () => {
  const forget = useForgetSession();
  return useMutation({ mutationFn: () => send('DELETE', path), onSettled: forget });
};
