import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '../../web/api/problem-error.ts';
import { describeSignInFault } from '../../web/format/sign-in-fault.ts';

const problem = (status: number) =>
  new ProblemError({
    type: 'about:blank',
    title: 'The app could not sign in',
    status,
    detail: 'a reason',
    code: 'x',
    requestId: 'x',
    retryable: false,
    errors: [],
  });
const fromLibrary = (errorCode: string, errorMessage = '') =>
  Object.assign(new Error(errorMessage), { errorCode, errorMessage });

describe('what goes wrong on the way through Entra', () => {
  it.each<[unknown, string, string]>([
    [problem(403), 'You have no role here', 'a reason'],
    [problem(401), 'The sign-in was not accepted', 'a reason'],
    [problem(503), 'The app could not sign in', 'a reason'],
    [fromLibrary('access_denied', 'AADSTS65004: declined'), 'The sign-in was given up', 'consent'],
    [fromLibrary('state_mismatch'), 'This sign-in is not known here', 'another tab'],
    [fromLibrary('post_request_failed'), 'The login server cannot be reached', 'with a key'],
    [new TypeError('Failed to fetch'), 'That did not work', 'server cannot be reached'],
    [
      fromLibrary('invalid_grant', 'AADSTS700082: <b>call us</b>'),
      'Microsoft refused the sign-in',
      'invalid_grant, AADSTS700082.',
    ],
  ])('%s: %s', (error, title, words) => {
    const described = describeSignInFault(error);
    expect(described).toEqual({ title, text: expect.stringContaining(words) });
    expect(described.text).not.toContain('call us');
  });
});
