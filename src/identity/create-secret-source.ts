import type { Secret } from '../config/secret.ts';
import { KeyVaultName, type SecretSetting } from '../config/secret-setting.ts';
import type { KeyVaultSecrets } from './key-vault-secrets.ts';
import type { SecretSource } from './secret-source.ts';

/** @param keyVault null where no setting names it */
export const createSecretSource = (
  settings: Readonly<Record<string, SecretSetting>>,
  keyVault: KeyVaultSecrets | null,
): SecretSource => {
  const find = (setting: string): SecretSetting => {
    const found = Object.hasOwn(settings, setting) ? settings[setting] : undefined;
    if (found === undefined) throw new Error(`${setting} holds no secret`);
    return found;
  };
  const vaultOf = (setting: string): KeyVaultSecrets => {
    if (keyVault === null) throw new Error(`${setting} is in Key Vault, and there is none`);
    return keyVault;
  };
  return {
    get: async (setting): Promise<Secret> => {
      const found = find(setting);
      return found instanceof KeyVaultName ? vaultOf(setting).get(found.name) : found;
    },
    renew: async (setting, refused) => {
      const found = find(setting);
      return found instanceof KeyVaultName ? vaultOf(setting).renew(found.name, refused) : found;
    },
  };
};
