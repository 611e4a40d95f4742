import type { Scope } from '../../contract/api-key.ts';
import type { EntraSession, InferenceRepository } from '../../db/runs/inference-repository.ts';
import { AppError } from '../../errors.ts';
import type { EntraCaller, EntraRefusal, EntraVerifier } from '../../identity/entra-verifier.ts';
import type { OpenedSession, Principal } from './access-service.ts';

type Dependencies = {
  repository: Pick<InferenceRepository, 'insertEntraSession' | 'findEntraSession'>;
  /** null: Entra isn't set up. */
  entra: EntraVerifier<Scope> | null;
  /** Epoch ms. */
  now: () => number;
};

const skew =
  'If it is a new one, a clock is wrong by more than a minute: that of this app, or of whoever signed it.';
const refusals: Readonly<Record<EntraRefusal, string>> = {
  expired: `The token has ended. ${skew}`,
  not_yet_valid: `The token is not valid yet. ${skew}`,
  wrong_audience:
    'The token is for another application: what the dashboard asks for (SQ_ENTRA_SCOPE) is not what is accepted here (SQ_ENTRA_AUDIENCE).',
  wrong_tenant: 'The account belongs to a tenant that may not sign in here.',
  invalid: 'This is no access token that Entra has given for this app.',
};

const missingRight = ({ owner, lacks }: EntraCaller<Scope>, roles: readonly string[]): string =>
  lacks === 'group'
    ? `${owner} is in none of the groups that may sign in here.`
    : `${owner} has none of the roles that count here: ${roles.join(', ')}. Whoever looks after the app registration assigns them.`;

const toPrincipal = (session: EntraSession): Principal => ({
  kind: 'session',
  apiKeyId: null,
  ...session,
});

/**
 * Sessions that were opened with an Entra token. Each lasts as long as its token, may do what the token's roles allowed, and
 * ends before that when the rules change by which it was let in: a row tells what Entra said, not whether it still counts.
 */
export const createEntraSessions = ({ repository, entra, now }: Dependencies) => ({
  /**
   * @param latestMs when it ends if the token lasts longer, epoch ms
   * @throws {AppError} unauthenticated, forbidden for a caller without a role, identity_unavailable
   */
  open: async (tokenHash: Buffer, entraToken: string, latestMs: number): Promise<OpenedSession> => {
    if (entra === null) throw new AppError('unauthenticated', 'This app takes no Entra tokens.');
    const caller = await entra.verify(entraToken);
    if (typeof caller === 'string') throw new AppError('unauthenticated', refusals[caller]);
    if (caller.lacks !== null) throw new AppError('forbidden', missingRight(caller, entra.roles));
    const expiresAt = new Date(Math.min(latestMs, Date.parse(caller.expiresAt)));
    // The minute for clocks that differ lets a token in that has just ended; a session could not begin.
    if (expiresAt.getTime() <= now()) throw new AppError('unauthenticated', refusals.expired);
    const { owner, callerId, scopes } = caller;
    const session = { owner, callerId, scopes: [...scopes], expiresAt: expiresAt.toISOString() };
    await repository.insertEntraSession({ ...session, tokenHash, rulesHash: entra.rulesHash });
    return { principal: toPrincipal(session), expiresAt };
  },

  /** @returns null when there is none, or it is over. */
  find: async (tokenHash: Buffer): Promise<Principal | null> => {
    if (entra === null) return null;
    const session = await repository.findEntraSession(tokenHash, entra.rulesHash);
    if (session === null || Date.parse(session.expiresAt) <= now()) return null;
    return toPrincipal(session);
  },
});
