import type { Config } from '../config/config.ts';
import type { GrantedScope } from '../config/entra-settings.ts';
import { Secret } from '../config/secret.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createEntraVerifier } from './create-entra-verifier.ts';
import { createSecretSource } from './create-secret-source.ts';
import { createTokenSource } from './create-token-source.ts';
import { databasePassword } from './database-password.ts';
import type { EntraVerifier } from './entra-verifier.ts';
import { createKeyVaultSecrets, type KeyVaultOptions } from './key-vault-secrets.ts';
import type { SecretSource } from './secret-source.ts';
import { toAzureCredential } from './to-azure-credential.ts';
import type { AzureCredential, TokenSource } from './token-source.ts';

/** Gives a key or token for one call; told of the one that was refused, it looks whether there is another by now. */
export type ReadKey = (refused?: string) => Promise<string>;

/** How the app signs in everywhere, and how callers' tokens are checked. */
export type Identity = {
  tokens: TokenSource;
  /** For SDKs of Azure. */
  credential: AzureCredential;
  secrets: SecretSource;
  /** The key in a setting; null for no setting. */
  readKey<Setting extends string | null>(setting: Setting): Setting extends string ? ReadKey : null;
  /** A token of another identity than the app's own, where `clientId` names one. */
  readToken(clientId: string | null, scope: string): ReadKey;
  /** null: the password is in the address. */
  databasePassword: (() => Promise<string>) | null;
  /** null: no tokens of callers are accepted. */
  entra: EntraVerifier<GrantedScope> | null;
};

type IdentityConfig = Pick<Config, 'identity' | 'secrets' | 'entra'> & {
  database: Pick<Config['database'], 'auth'>;
};

export type IdentityDependencies = {
  logger: Logger;
  /** Told of every secret that is read later than the configuration, before it is used. */
  onSecret?: (value: string) => void;
  fetch?: typeof globalThis.fetch;
  /** For stand-ins of Key Vault. */
  keyVaultOptions?: Pick<KeyVaultOptions, 'clientOptions' | 'now'>;
};

/** Loads and asks nothing by itself: SDKs arrive with the first token, secret or caller that needs them. */
export const createIdentity = (config: IdentityConfig, dependencies: IdentityDependencies): Identity => {
  const { logger, onSecret, fetch = globalThis.fetch, keyVaultOptions } = dependencies;
  const { keyVaultUrl, settings, ttlMs } = config.secrets;

  const sources = new Map<string | null, TokenSource>();
  const tokensOf = (clientId: string | null): TokenSource => {
    const known = sources.get(clientId);
    if (known !== undefined) return known;
    const onRenewalFailed = (error: unknown) =>
      logger.warn('token not renewed, the old one is still good', { error });
    const created = createTokenSource({ clientId, onRenewalFailed });
    sources.set(clientId, created);
    return created;
  };

  const tokens = tokensOf(config.identity.clientId);
  const credential = toAzureCredential(tokens);
  const keyVault =
    keyVaultUrl === null
      ? null
      : createKeyVaultSecrets({
          vaultUrl: keyVaultUrl,
          credential,
          ttlMs,
          ...keyVaultOptions,
          ...(onSecret && { onValue: onSecret }),
          onStale: (name, error) =>
            logger.warn('Key Vault is away, the last known secret goes on being used', { name, error }),
        });
  const secrets = createSecretSource(settings, keyVault);

  const keyReader =
    (setting: string): ReadKey =>
    async (refused) => {
      const secret =
        refused === undefined
          ? await secrets.get(setting)
          : await secrets.renew(setting, new Secret(refused));
      return secret.reveal();
    };

  return {
    tokens,
    credential,
    secrets,
    readKey: ((setting: string | null) =>
      setting === null ? null : keyReader(setting)) as Identity['readKey'],
    readToken: (clientId, scope) => () => tokensOf(clientId).getToken(scope),
    databasePassword: databasePassword(config.database.auth, tokens),
    entra: config.entra && createEntraVerifier({ ...config.entra, fetch }),
  };
};
