import { type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Scope } from '../../src/contract/api-key.ts';
import { type CreateSession, Session } from '../../src/contract/session.ts';
import { send } from './http-client.ts';
import { isProblemError } from './problem-error.ts';

const path = '/api/v1/session';
const key = ['session'];
/** Says that there may be a session: script never sees the cookie, and asking in vain is an error in the console. */
const hint = 'sq-signed-in';

export type OpenSession = Session & {
  /** When it ends by this machine's clock, which may be wrong; epoch ms. null: it doesn't. */
  endsAtMs: number | null;
};

/** How far this machine's clock is ahead of the server's, in ms; measured once, because answers tell whole seconds. */
let aheadMs: number | null = null;

const toOpenSession = async (response: Response): Promise<OpenSession> => {
  const session = Session.parse(await response.json());
  const sentAtMs = Date.parse(response.headers.get('date') ?? '');
  aheadMs ??= Number.isNaN(sentAtMs) ? 0 : Date.now() - sentAtMs;
  return {
    ...session,
    endsAtMs: session.expiresAt === null ? null : Date.parse(session.expiresAt) + aheadMs,
  };
};

const readSession = async (): Promise<OpenSession | null> => {
  if (localStorage.getItem(hint) === null) return null;
  try {
    return await toOpenSession(await send('GET', path));
  } catch (error) {
    if (!isProblemError(error) || error.problem.status !== 401) throw error;
    localStorage.removeItem(hint);
    return null;
  }
};

const openSession = async (proof: CreateSession): Promise<OpenSession> => {
  const session = await toOpenSession(await send('POST', path, { json: proof }));
  localStorage.setItem(hint, 'yes');
  return session;
};

/** What the signed-in one has seen goes; entries of the session itself stay, because the page listens to them. */
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
    mutationFn: openSession,
    onSuccess: (session) => {
      dropSeen(queryClient);
      queryClient.setQueryData(key, session);
    },
  });
};

/** Gives another token of whoever signed in with Entra on this very page. It is lost with the page, as all that it knows is. */
type RenewToken = () => Promise<string>;
let renewToken: RenewToken | null = null;
export const keepRenewal = (renew: RenewToken): void => {
  renewToken = renew;
};

/** Puts a longer session in the place of the present one; what is on the page stays. Fails where nothing can be renewed. */
export const useRenewSession = () => {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async () => {
      if (renewToken === null) throw new Error('There is nothing to renew the session with.');
      return openSession({ entraToken: await renewToken() });
    },
    onSuccess: (session) => queryClient.setQueryData(key, session),
  });
};

/** Forgets what this browser has seen. */
export const useForgetSession = () => {
  const queryClient = useQueryClient();
  return () => {
    renewToken = null;
    localStorage.removeItem(hint);
    dropSeen(queryClient);
    queryClient.setQueryData(key, null);
  };
};

export const useSignOut = () => {
  const forget = useForgetSession();
  return useMutation({ mutationFn: () => send('DELETE', path), onSettled: forget });
};
