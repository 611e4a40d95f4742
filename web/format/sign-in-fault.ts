import { isProblemError } from '../api/problem-error.ts';

export type SignInFault = { title: string; text: string };

const sets = {
  declined: ['access_denied', 'consent_required', 'interaction_required', 'login_required', 'user_cancelled'],
  lost: [
    'lost_sign_in',
    'no_token_request_cache_error',
    'no_state_in_hash',
    'state_mismatch',
    'state_not_found',
    'unable_to_parse_state',
    'unable_to_parse_token_request_cache_error',
  ],
  away: [
    'endpoints_resolution_error',
    'failed_to_parse_response',
    'get_request_failed',
    'network_error',
    'no_network_connectivity',
    'openid_config_error',
    'post_request_failed',
    'server_error',
    'temporarily_unavailable',
    'timed_out',
  ],
} as const;
type Kind = keyof typeof sets;

const faults: Readonly<Record<Kind, SignInFault>> = {
  declined: {
    title: 'The sign-in was given up',
    text: 'It was cancelled, or consent was not given. Whoever looks after the app registration can give consent for everybody.',
  },
  lost: {
    title: 'This sign-in is not known here',
    text: 'It was begun in another tab or browser, or has been used already. Begin again.',
  },
  away: {
    title: 'The login server cannot be reached',
    text: 'Your network, or a blocker in the browser, keeps the page from it. Try again, or sign in with a key.',
  },
};

const textMember = (error: unknown, member: 'errorCode' | 'errorMessage'): string => {
  const value =
    typeof error === 'object' && error !== null && member in error ? Reflect.get(error, member) : '';
  return typeof value === 'string' ? value : '';
};

/** What went wrong on the way through Entra, in words. Entra's own text is never shown: it may come from an address. */
export const describeSignInFault = (error: unknown): SignInFault => {
  if (isProblemError(error)) {
    const { status, title, detail } = error.problem;
    if (status === 403) return { title: 'You have no role here', text: detail };
    return { title: status === 401 ? 'The sign-in was not accepted' : title, text: detail };
  }
  const code = textMember(error, 'errorCode');
  const kind = (Object.keys(sets) as Kind[]).find((each) => (sets[each] as readonly string[]).includes(code));
  if (kind !== undefined) return faults[kind];
  if (code === '') return { title: 'That did not work', text: 'The server cannot be reached. Try again.' };
  const number = /\bAADSTS\d+/.exec(textMember(error, 'errorMessage'))?.[0];
  const answered = number === undefined ? code : `${code}, ${number}`;
  return {
    title: 'Microsoft refused the sign-in',
    text: `The answer was: ${answered}. Try again, or sign in with a key.`,
  };
};
