import { CacheLookupPolicy, PublicClientApplication } from '@azure/msal-browser';
import type { EntraSignIn } from '../../src/contract/session.ts';
import { entraReturnPath } from './entra-address.ts';

/**
 * What has to survive the way to Entra and back (state, nonce and PKCE's verifier, all good for one sign-in) is in
 * `sessionStorage` wherever the library keeps tokens, and is removed there when it is used.
 */
const openClient = async (
  { authority, clientId }: EntraSignIn,
  cacheLocation: 'memoryStorage' | 'sessionStorage',
) => {
  const client = new PublicClientApplication({
    auth: {
      authority,
      clientId,
      // The operator named it: no list of Microsoft's own has to be asked whether it is one.
      knownAuthorities: [new URL(authority).host],
      redirectUri: location.origin + entraReturnPath,
    },
    cache: { cacheLocation },
  });
  await client.initialize();
  return client;
};

/** Leaves the page. `account` is who signs in again; null: people choose. @throws what `describeSignInFault` reads */
export const goToEntra = async (entra: EntraSignIn, account: string | null): Promise<void> => {
  // The library doesn't leave the page with its tokens in memory. Here it has none yet.
  const client = await openClient(entra, 'sessionStorage');
  // An attempt that was given up by the browser's back button counts as under way until it is looked for.
  await client.handleRedirectPromise({ navigateToLoginRequestUrl: false });
  await client.acquireTokenRedirect({
    scopes: [entra.scope],
    ...(account === null ? { prompt: 'select_account' } : { loginHint: account }),
  });
};

type EntraTokens = { accessToken: string; renew: () => Promise<string> };

/**
 * @param hash what Entra put behind the address of the page
 * @returns null for an answer to a sign-in that this tab did not begin
 * @throws what `describeSignInFault` reads
 */
export const takeEntraTokens = async (entra: EntraSignIn, hash: string): Promise<EntraTokens | null> => {
  const client = await openClient(entra, 'memoryStorage');
  const result = await client.handleRedirectPromise({ hash, navigateToLoginRequestUrl: false });
  if (result === null) return null;
  const { account, accessToken } = result;
  return {
    accessToken,
    renew: async () => {
      // By refresh token alone: the next resort would be a hidden frame, which the policy of the page forbids.
      const cacheLookupPolicy = CacheLookupPolicy.RefreshToken;
      return (await client.acquireTokenSilent({ scopes: [entra.scope], account, cacheLookupPolicy }))
        .accessToken;
    },
  };
};
