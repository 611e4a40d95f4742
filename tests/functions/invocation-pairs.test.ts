import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createInvocationPairs, type Forwarded } from '../../src/functions/invocation-pairs.ts';

const forwarded = (name: string) => ({ name }) as unknown as Forwarded;

describe('createInvocationPairs', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());
  const setUp = () => {
    const pairs = createInvocationPairs();
    const outcomes: string[] = [];
    const send = (name: string, claimedId: string) => {
      const request = forwarded(name);
      pairs.match(
        request,
        claimedId,
        (id) => outcomes.push(`${name} is ${id}`),
        () => outcomes.push(`${name} refused`),
      );
      return request;
    };
    return { pairs, outcomes, send };
  };

  it('pairs whichever half comes first', async () => {
    const { pairs, outcomes, send } = setUp();
    const first = pairs.announce('1', '1');
    const one = send('a', '1');
    const two = send('b', '2');
    const second = pairs.announce('2', '2');
    expect([await first.arrival(), await second.arrival()]).toEqual([one, two]);
    expect(outcomes).toEqual(['a is 1', 'b is 2']);
  });

  it('gives each of several invocations with one claimed id its own request', async () => {
    const { pairs, outcomes, send } = setUp();
    const first = pairs.announce('1', 'same');
    send('a', 'same');
    send('b', 'same');
    const second = pairs.announce('2', 'same');
    const third = pairs.announce('3', 'same');
    send('c', 'same');
    expect(outcomes).toEqual(['a is 1', 'b is 2', 'c is 3']);
    expect(await Promise.all([first, second, third].map((each) => each.arrival()))).not.toContain(null);
  });

  it('prefers an invocation’s own id to what another claims', () => {
    const { pairs, outcomes, send } = setUp();
    pairs.announce('attacker', 'victim');
    pairs.announce('victim', 'victim');
    send('a', 'victim');
    expect(outcomes).toEqual(['a is victim']);
  });

  it('finds an invocation by its own id though the announced headers were forged', () => {
    const { pairs, outcomes, send } = setUp();
    pairs.announce('1', 'forged');
    send('a', '1');
    send('b', 'forged');
    expect(outcomes).toEqual(['a is 1']);
  });

  it('ends what finds no counterpart, and gives it away no more', async () => {
    const { pairs, outcomes, send } = setUp();
    const lonely = pairs.announce('1', '1').arrival();
    send('a', '2');
    await jest.advanceTimersByTimeAsync(2_100);
    expect(outcomes).toEqual([]);
    await jest.advanceTimersByTimeAsync(200);
    expect(await lonely).toBeNull();
    expect(outcomes).toEqual(['a refused']);
    send('b', '1');
    expect(outcomes).toEqual(['a refused']);
  });

  it('waits on while a process that was held up reads what stands in its sockets', async () => {
    jest.useRealTimers();
    const pairs = createInvocationPairs({ turnMs: 5 });
    const busyFor = (ms: number) => {
      for (const until = performance.now() + ms; performance.now() < until; );
    };
    const arrival = pairs.announce('1', '1').arrival();
    busyFor(120);
    for (let turn = 0; turn < 5; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      busyFor(10);
    }
    const late = forwarded('late');
    pairs.match(late, '1', jest.fn(), jest.fn());
    expect(await arrival).toBe(late);
  });
});
