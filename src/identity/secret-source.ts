import type { Secret } from '../config/secret.ts';

/** The secrets of the settings, wherever they lie: in the environment, or in Key Vault. */
export type SecretSource = {
  /**
   * The secret of a setting, as it is now. Ask at each use and keep nothing: it may rotate.
   * @throws {AppError} identity_unavailable when it lies in Key Vault and has never been read
   */
  get(setting: string): Promise<Secret>;
  /**
   * To be told that a secret was refused where it was used; it is read again, if it can have changed.
   * @returns the one to use from now on: the same, unless it was rotated meanwhile
   */
  renew(setting: string, refused: Secret): Promise<Secret>;
};
