import type { TokenSource } from './token-source.ts';

/** What Azure Database for PostgreSQL calls itself, in every cloud region. */
const databaseScope = 'https://ossrdbms-aad.database.windows.net/.default';

/**
 * What a new connection signs in with, asked for anew each time: a token lasts about an hour, a connection outlives it.
 * @returns null where the address has the password
 */
export const databasePassword = (
  auth: 'password' | 'entra',
  tokens: TokenSource,
): (() => Promise<string>) | null => (auth === 'entra' ? () => tokens.getToken(databaseScope) : null);
