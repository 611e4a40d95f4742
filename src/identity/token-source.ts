/** An Entra token and when it ends, epoch ms. */
export type EntraToken = { token: string; expiresAtMs: number };

/** Entra tokens of the app's own identity, one cache for everything that signs in with them. */
export type TokenSource = {
  /**
   * A token that is valid now.
   * @param scope such as `https://vault.azure.net/.default`
   * @throws {AppError} identity_unavailable
   */
  getToken(scope: string): Promise<string>;
  /** The same with its end. @throws {AppError} identity_unavailable */
  getEntraToken(scope: string): Promise<EntraToken>;
};

/** What SDKs of Azure take for a credential (`TokenCredential` of `@azure/core-auth`, as far as they use it). */
export type AzureCredential = {
  getToken(scopes: string | string[]): Promise<{ token: string; expiresOnTimestamp: number }>;
};
