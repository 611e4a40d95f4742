/** Who a verified Entra token stands for. */
export type EntraCaller<Granted extends string> = {
  /** What people know the caller by; nothing is decided by it: it may change, and be given to somebody else. */
  owner: string;
  /** Lasting and unique: tenant and object. */
  callerId: string;
  /** Empty for a caller who may do nothing here. */
  scopes: readonly Granted[];
  /** What a caller who may do nothing would have to be given; null: nothing is missing. */
  lacks: 'group' | 'role' | null;
  /** RFC 3339. */
  expiresAt: string;
};

/**
 * Why a token is refused. All but `invalid` are said of tokens that Entra has signed; whoever makes one up learns nothing.
 */
export type EntraRefusal = 'expired' | 'not_yet_valid' | 'wrong_audience' | 'wrong_tenant' | 'invalid';

export type EntraVerifier<Granted extends string> = {
  /** @throws {AppError} identity_unavailable when the keys to check it with cannot be had */
  verify(token: string): Promise<EntraCaller<Granted> | EntraRefusal>;
  /** App roles, and object ids of groups, that give any scope. */
  roles: readonly string[];
  /** SHA-256 of all that decides who is let in: what was judged by other rules has to be judged anew. */
  rulesHash: Buffer;
};
