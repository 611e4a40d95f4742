import { describe, expect, it } from '@jest/globals';
import { runOrchestrator } from '../../support/durable-harness.ts';

const functions = `
df.app.activity('ok', { handler: (x) => x });
df.app.activity('bad', { handler: () => { throw new Error('no'); } });
df.app.activity('odd', { handler: () => { throw 'text'; } });
df.app.orchestration('child', function* () { return 1; });
`;
const main = (body: string): string => `${functions}
let calls = 0;
df.app.orchestration('main', function* (ctx) { ${body} });`;
const after = (ms: number): string => `new Date(ctx.df.currentUtcDateTime.getTime() + ${ms})`;

const traps: [string, string, RegExp][] = [
  [
    'a task that is yielded twice',
    `const a = ctx.df.callActivity('ok', { n: 1 }), b = ctx.df.callActivity('ok', { n: 2 });
     const first = yield ctx.df.Task.any([a, b]);
     yield ctx.df.Task.all([first === a ? b : a, ctx.df.callActivity('ok', { n: 3 })]);`,
    /stands in two yields/,
  ],
  [
    'a caught Task.all over retryable tasks, and more',
    `const retry = (n) => new df.RetryOptions(5000, n);
     const one = ctx.df.callActivityWithRetry('bad', retry(1), { n: 1 });
     const two = ctx.df.callActivityWithRetry('bad', retry(3), { n: 2 });
     try { yield ctx.df.Task.all([one, two]); } catch {}
     yield ctx.df.callActivity('ok', { n: 3 });`,
    /Task\.all over retryable tasks/,
  ],
  [
    'retryTimeoutInMilliseconds',
    `const options = new df.RetryOptions(5000, 3); options.retryTimeoutInMilliseconds = 1000;
     yield ctx.df.callActivityWithRetry('ok', options, { n: 1 });`,
    /retryTimeoutInMilliseconds/,
  ],
  [
    'a timer that is not cancelled',
    `const timer = ctx.df.createTimer(${after(60_000)});
     yield ctx.df.Task.any([ctx.df.callActivity('ok', { n: 1 }), timer]);`,
    /timer that is not cancelled/,
  ],
  ['a large input', `yield ctx.df.callActivity('ok', { text: 'x'.repeat(70_000) });`, /bytes, more than/],
  [
    'a large input of a sub-orchestration',
    `yield ctx.df.callSubOrchestrator('child', { text: 'x'.repeat(70_000) });`,
    /bytes, more than/,
  ],
  ['a large custom status', `ctx.df.setCustomStatus('x'.repeat(9_000)); return 1;`, /custom status/],
  ['an unknown activity', `yield ctx.df.callActivity('nowhere', {});`, /no function "nowhere"/],
  [
    'an unknown sub-orchestration',
    `yield ctx.df.callSubOrchestrator('nowhere', {});`,
    /no function "nowhere"/,
  ],
  ['something thrown that is no error', `throw 'text';`, /no error/],
  ['an error without a message', `throw new Error('');`, /without a message/],
  ['an activity input that is a text', `yield ctx.df.callActivity('ok', 'text');`, /is no object/],
  ['an activity input that is undefined', `yield ctx.df.callActivity('ok');`, /is no object/],
  [
    'more than 100 tasks',
    `const tasks = []; for (let n = 0; n < 101; n++) tasks.push(ctx.df.callActivity('ok', { n }));
     yield ctx.df.Task.all(tasks);`,
    /101 tasks/,
  ],
  [
    'non-determinism',
    `calls++; yield ctx.df.callActivity(calls === 1 ? 'ok' : 'bad', { n: 1 });`,
    /Non-Deterministic workflow detected/,
  ],
];

describe('strict mode', () => {
  it.each(traps)('fails at %s, and warns', async (_, body, text) => {
    const { instance, warnings } = await runOrchestrator({ code: main(body) });
    expect(instance?.status).toBe('Failed');
    expect(JSON.parse(instance?.output ?? '""')).toMatch(text);
    expect(warnings).toEqual([expect.stringMatching(text)]);
  });

  it('fails when the library waits for an event whose name differs in case', async () => {
    const code = main(`return yield ctx.df.waitForExternalEvent('Go');`);
    const right = await runOrchestrator({ code, event: 'Go' });
    expect([right.instance?.status, right.warnings]).toEqual(['Completed', []]);
    const wrong = await runOrchestrator({ code, event: 'go' });
    expect(wrong.instance?.status).toBe('Failed');
    expect(wrong.warnings).toEqual([expect.stringContaining('event names differ in case')]);
  });

  it('warns at an activity that throws no error', async () => {
    const body = `try { yield ctx.df.callActivity('odd', {}); } catch { return 'caught'; }`;
    const { instance, warnings } = await runOrchestrator({ code: main(body) });
    expect(instance?.output).toBe('"caught"');
    expect(warnings).toEqual([expect.stringContaining('activity odd threw')]);
  });

  it('lets good orchestrations pass', async () => {
    const body = `
      const timer = ctx.df.createTimer(${after(60_000)});
      const won = yield ctx.df.Task.any([ctx.df.callSubOrchestrator('child', { n: 0 }), timer]);
      if (!timer.isCompleted) timer.cancel();
      const all = yield ctx.df.Task.all([1, 2, 3].map((n) => ctx.df.callActivity('ok', { n })));
      let caught = null;
      try { yield ctx.df.callActivityWithRetry('bad', new df.RetryOptions(1000, 3), { n: 9 }); } catch (e) { caught = 1; }
      for (let n = 0; n < 3; n++) yield ctx.df.callActivity('ok', { poll: true });
      return { won: won.result, all: all.length, caught };`;
    const { instance, warnings } = await runOrchestrator({ code: main(body) });
    expect(warnings).toEqual([]);
    expect(instance?.status).toBe('Completed');
    expect(instance?.output).toBe('{"won":1,"all":3,"caught":1}');
  });

  it('is off when it is off: a trap behaves as in Azure', async () => {
    const [, body] = traps[0] ?? ['', ''];
    const { instance, warnings } = await runOrchestrator({ code: main(body), strict: false });
    expect(instance?.status).toBe('Completed');
    expect(warnings).toEqual([]);
    const hangs = await runOrchestrator({ code: main(`throw 'text';`), strict: false, forMs: 60_000 });
    expect(hangs.instance?.status).toBe('Running');
  });
});
