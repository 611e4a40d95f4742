import { Secret } from './secret.ts';

const prefix = 'keyvault:';
/** Names of secrets as Key Vault allows them. */
const namePattern = /^[A-Za-z0-9-]{1,127}$/;

/** A setting's value `keyvault:NAME`: the secret lies in the vault of `SQ_KEY_VAULT_URL` under that name. */
export class KeyVaultName {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  static readonly wish = 'must be keyvault: and a name of letters, digits and dashes';

  static isMeant(text: string): boolean {
    return text.startsWith(prefix);
  }

  /** @returns null unless the text is `keyvault:` and a name */
  static read(text: string): KeyVaultName | null {
    const name = text.slice(prefix.length);
    return KeyVaultName.isMeant(text) && namePattern.test(name) ? new KeyVaultName(name) : null;
  }
}

/** What a setting says of its secret: the secret, or where it lies. */
export type SecretSetting = Secret | KeyVaultName;

/** @returns null when there is nothing, or a malformed `keyvault:…` */
export const readSecretSetting = (text: string): SecretSetting | null =>
  KeyVaultName.isMeant(text) ? KeyVaultName.read(text) : new Secret(text);
