import { useMutation, useQuery } from '@tanstack/react-query';
import { type EntraSignIn, SignInMethods } from '../../src/contract/session.ts';
import { entraReturnPath, keepReturnAddress } from './entra-address.ts';
import { getJson } from './http-client.ts';
import { keepRenewal } from './use-session.ts';

const readMethods = () => getJson(SignInMethods, '/api/v1/session/methods');
/** The library is large, and most starts of the dashboard need nothing of it. */
const loadClient = () => import('./entra-client.ts');

export const useSignInMethods = (enabled = true) =>
  useQuery({ queryKey: ['session', 'methods'], queryFn: readMethods, staleTime: 3_600_000, enabled });

/** Leaves for Entra. `account`: who signs in again; null: people choose. */
export const useGoToEntra = (entra: EntraSignIn | null) =>
  useMutation({
    mutationFn: async (account: string | null) => {
      if (entra === null) return;
      keepReturnAddress();
      await (await loadClient()).goToEntra(entra, account);
    },
  });

/** A sign-in that this tab did not begin, or no longer knows of. */
class LostSignInError extends Error {
  readonly errorCode = 'lost_sign_in';
}

/**
 * Takes Entra's answer out of the address of the page, where nobody else shall find it, and makes a token of it.
 * @returns the token; null when there is no answer
 * @throws what `describeSignInFault` reads
 */
const readAnswer = async (): Promise<string | null> => {
  const { hash } = location;
  if (hash === '') return null;
  history.replaceState(null, '', entraReturnPath);
  const { entra } = await readMethods();
  const tokens = entra && (await (await loadClient()).takeEntraTokens(entra, hash));
  if (tokens === null) throw new LostSignInError('No sign-in was under way in this tab.');
  keepRenewal(tokens.renew);
  return tokens.accessToken;
};

/** The page may be drawn twice; an answer is good once. */
let answer: Promise<string | null> | undefined;
export const readEntraAnswer = (): Promise<string | null> => {
  answer ??= readAnswer();
  return answer;
};
