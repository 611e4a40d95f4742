import { describe, expect, it } from '@jest/globals';
import { createLogger } from '../../src/telemetry/create-logger.ts';

const collect = (secrets: string[] = [], level: 'debug' | 'info' = 'info') => {
  const lines: string[] = [];
  return {
    lines,
    logger: createLogger({ level, secrets: new Set(secrets), write: (line) => lines.push(line) }),
  };
};

describe('createLogger', () => {
  it('writes one JSON object a line with level, time, message and fields', () => {
    const { lines, logger } = collect();
    logger.info('answered', { status: 201 });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      message: 'answered',
      status: 201,
      time: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it('adds the fields of what is going on, and keeps concurrent requests apart', async () => {
    const { lines, logger } = collect();
    const request = (requestId: string) =>
      logger.within({ requestId }, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        logger.within({ attempt: 1 }, () => logger.warn('deep inside'));
      });
    await Promise.all([request('r-1'), request('r-2')]);
    logger.info('outside');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ message: 'deep inside', requestId: 'r-1', attempt: 1 }),
      expect.objectContaining({ message: 'deep inside', requestId: 'r-2', attempt: 1 }),
      expect.not.objectContaining({ requestId: expect.anything() }),
    ]);
  });

  it('leaves out what is below its level', () => {
    const { lines, logger } = collect();
    logger.debug('quiet');
    expect(lines).toEqual([]);
  });

  it('writes a long word quickly', () => {
    const { lines, logger } = collect();
    const startedAt = performance.now();
    logger.info('x'.repeat(100_000));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(lines[0]).toContain('x'.repeat(100_000));
  });

  it('tells name, message, code and cause of an error, and none of its other properties', () => {
    const { lines, logger } = collect();
    const error = Object.assign(new Error('outer', { cause: new TypeError('inner') }), {
      code: '23505',
      values: ['a prompt'],
    });
    logger.error('failed', { error });
    expect(JSON.parse(lines[0] ?? '').error).toMatchObject({
      name: 'Error',
      message: 'outer',
      code: '23505',
      cause: { name: 'TypeError', message: 'inner' },
    });
    expect(lines[0]).not.toContain('a prompt');
  });

  it.each([
    ['a known secret in the message', 'p"ss-word-1', (text: string) => [text, {}] as const],
    ['a known secret deep in a field', 'p"ss-word-1', (text: string) => ['x', { a: { b: [text] } }] as const],
    [
      'a known secret in an error',
      'p"ss-word-1',
      (text: string) => ['x', { error: new Error(text) }] as const,
    ],
    [
      'a known secret in the cause of an error',
      'p"ss-word-1',
      (text: string) => ['x', { error: new Error('outer', { cause: new Error(text) }) }] as const,
    ],
    ['an API key', `sq_${'a'.repeat(43)}`, (text: string) => [`key ${text}`, {}] as const],
    [
      'a bearer token',
      'eyJhbGciOi.abc.def',
      (text: string) => [`Authorization: Bearer ${text}`, {}] as const,
    ],
    ['a password in an address', 'hunter2', (text: string) => [`postgres://me:${text}@host/db`, {}] as const],
  ])('strikes out %s', (_, secret, line) => {
    const { lines, logger } = collect(['p"ss-word-1']);
    const [message, fields] = line(secret);
    logger.error(message, fields);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain(secret);
    expect(lines[0]).not.toContain(JSON.stringify(secret).slice(1, -1));
    expect(lines[0]).toContain('[secret]');
  });

  it('strikes out a secret that became known while it was in use, and tokens that nobody knows', () => {
    const lines: string[] = [];
    const secrets = new Set<string>();
    const logger = createLogger({ level: 'info', secrets, write: (line) => lines.push(line) });
    secrets.add('read-from-the-vault');
    logger.info('used read-from-the-vault and eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhcGkifQ.c2lnbmF0dXJl');
    expect(JSON.parse(lines[0] ?? '').message).toBe('used [secret] and [token]');
  });
});
