/** Who a verified Entra token stands for. */
export type EntraCaller<Granted extends string> = {
  /** What people know the caller by; nothing is decided by it: it may change, and be given to somebody else. */
  owner: string;
  /** Lasting and unique: tenant and object. */
  callerId: string;
  /** Empty for a caller who may do nothing here. */
  scopes: readonly Granted[];
  /** RFC 3339. */
  expiresAt: string;
};

export type EntraVerifier<Granted extends string> = {
  /**
   * @returns null for a token that isn't one for this app, is over, or wasn't signed by Entra
   * @throws {AppError} identity_unavailable when the keys to check it with cannot be had
   */
  verify(token: string): Promise<EntraCaller<Granted> | null>;
};
