export type AzureTokenOptions = {
  /** What the token is for; older resources want `https://cognitiveservices.azure.com/.default`. */
  scope?: string | undefined;
  /** Client id of a user-assigned managed identity; null: whatever `DefaultAzureCredential` finds. */
  clientId?: string | null | undefined;
};

/**
 * Entra tokens for Azure OpenAI, cached and renewed by `@azure/identity`, which is loaded at the first call (a
 * configuration with a key never loads it).
 */
export const createAzureTokenProvider = (options: AzureTokenOptions = {}): (() => Promise<string>) => {
  let tokenProvider: Promise<() => Promise<string>> | null = null;
  const load = async () => {
    const { DefaultAzureCredential, getBearerTokenProvider } = await import('@azure/identity');
    const credential = new DefaultAzureCredential(
      options.clientId ? { managedIdentityClientId: options.clientId } : {},
    );
    return getBearerTokenProvider(credential, options.scope ?? 'https://ai.azure.com/.default');
  };
  return async () => {
    tokenProvider ??= load();
    return (await tokenProvider)();
  };
};
