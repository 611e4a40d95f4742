import { describe, expect, it } from '@jest/globals';
import { parseSetCookie } from '../../src/functions/set-cookie.ts';

describe('parseSetCookie', () => {
  it('reads every attribute that the platform knows', () => {
    expect(
      parseSetCookie(
        'a=x%20y=z; Domain=example.org; Path=/p; Expires=Wed, 01 Jan 2031 00:00:00 GMT; Max-Age=5; Secure; HttpOnly; SameSite=lax; Odd=1',
      ),
    ).toEqual({
      name: 'a',
      value: 'x y=z',
      domain: 'example.org',
      path: '/p',
      expires: new Date('2031-01-01T00:00:00Z'),
      maxAge: 5,
      secure: true,
      httpOnly: true,
      sameSite: 'Lax',
    });
  });

  it('takes an empty and an oddly escaped value, and drops attributes that make no sense', () => {
    expect(parseSetCookie('a=; Max-Age=soon; Expires=never; SameSite=maybe')).toEqual({
      name: 'a',
      value: '',
    });
    expect(parseSetCookie('a=%zz')).toEqual({ name: 'a', value: '%zz' });
  });

  it.each(['', 'novalue', '=x', 'a b=c', 'ü=1'])('is null for %p', (line) => {
    expect(parseSetCookie(line)).toBeNull();
  });
});
