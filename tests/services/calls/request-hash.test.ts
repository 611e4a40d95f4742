import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { requestHash } from '../../../src/services/calls/request-hash.ts';
import { canonicalJson } from '../../../src/services/canonical-json.ts';
import { createSingleFlight } from '../../../src/services/inferences/single-flight.ts';

const question = {
  provider: 'echo',
  model: 'm',
  messages: [{ role: 'user' as const, content: 'hi' }],
  parameters: { temperature: 0, maxOutputTokens: 10 },
};

describe('requestHash', () => {
  it('is the SHA-256 of the documented text', () => {
    const text =
      '{"messages":[{"content":"hi","role":"user"}],"model":"m","parameters":{"maxOutputTokens":10,"temperature":0},"provider":"echo"}';
    expect(requestHash(question)).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('does not depend on the order of members or on members left undefined', () => {
    const shuffled = {
      parameters: { maxOutputTokens: 10, seed: undefined, temperature: 0 },
      messages: [{ content: 'hi', role: 'user' as const }],
      model: 'm',
      provider: 'echo',
    };
    expect(requestHash(shuffled)).toBe(requestHash(question));
  });

  it.each([
    { ...question, provider: 'other' },
    { ...question, model: 'n' },
    { ...question, messages: [{ role: 'system' as const, content: 'hi' }] },
    { ...question, messages: [...question.messages, ...question.messages] },
    { ...question, parameters: { temperature: 0, maxOutputTokens: 11 } },
  ])('differs for another question (%#)', (other) => {
    expect(requestHash(other)).not.toBe(requestHash(question));
  });
});

describe('canonicalJson', () => {
  it('says what JSON says', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('createSingleFlight', () => {
  it('shares work under way, then forgets it', async () => {
    const flight = createSingleFlight<number>();
    let calls = 0;
    const gate = Promise.withResolvers<void>();
    const work = async () => {
      await gate.promise;
      calls += 1;
      return calls;
    };
    const both = Promise.all([flight.run('a', work), flight.run('a', work), flight.run('b', async () => 7)]);
    gate.resolve();
    expect(await both).toEqual([
      { result: 1, shared: false },
      { result: 1, shared: true },
      { result: 7, shared: false },
    ]);
    expect(await flight.run('a', work)).toEqual({ result: 2, shared: false });
  });

  it('shares a failure and remembers it for nobody', async () => {
    const flight = createSingleFlight<number>();
    const fail = () => Promise.reject(new Error('no'));
    const results = await Promise.allSettled([flight.run('a', fail), flight.run('a', fail)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await flight.run('a', async () => 1)).toEqual({ result: 1, shared: false });
  });
});
