import type { AzureCredential, TokenSource } from './token-source.ts';

/** The token source as SDKs of Azure want it, so that they all share its cache. Fits `TokenCredential` of `@azure/core-auth`. */
export const toAzureCredential = (tokens: TokenSource): AzureCredential => ({
  getToken: async (scopes) => {
    const [scope = '', ...more] = Array.isArray(scopes) ? scopes : [scopes];
    if (more.length > 0) throw new RangeError('a token is for one resource');
    const { token, expiresAtMs } = await tokens.getEntraToken(scope);
    return { token, expiresOnTimestamp: expiresAtMs };
  },
});
