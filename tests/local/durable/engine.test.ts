import { describe, expect, it } from '@jest/globals';
import { runOrchestrator } from '../../support/durable-harness.ts';

describe('the engine', () => {
  it('never runs more activities at once than it may', async () => {
    const code = `
      df.app.activity('work', { handler: async ({ ms }) => { await sleep(ms); return ms; } });
      df.app.orchestration('main', function* (ctx) {
        const all = yield ctx.df.Task.all(Array.from({ length: 12 }, (_, n) => ctx.df.callActivity('work', { n, ms: 100 })));
        return all.length;
      });`;
    const run = await runOrchestrator({ code, maxActivities: 3 });
    expect(run.instance?.output).toBe('12');
    expect(run.mostActivitiesAtOnce).toBe(3);
    expect(run.tookMs).toBeGreaterThanOrEqual(400);
    expect(run.tookMs).toBeLessThan(450);
  });

  it('retries with growing waits up to the longest, and a sub-orchestration under a new id each time', async () => {
    const code = `
      const at = []; let tries = 0;
      df.app.activity('note', { handler: ({ at: time }) => { at.push(time); } });
      df.app.orchestration('flaky', function* (ctx) {
        yield ctx.df.callActivity('note', { at: ctx.df.currentUtcDateTime.getTime(), id: ctx.df.instanceId });
        if (++tries <= 6) throw new Error('again');
        return at;
      });
      df.app.orchestration('main', function* (ctx) {
        const options = new df.RetryOptions(1000, 9);
        options.backoffCoefficient = 2; options.maxRetryIntervalInMilliseconds = 4000;
        return yield ctx.df.callSubOrchestratorWithRetry('flaky', options, {});
      });`;
    const { instance, history } = await runOrchestrator({ code, strict: false });
    const times: number[] = JSON.parse(instance?.output ?? '[]');
    // Every attempt takes two episodes, each of which counts on \`tries\`.
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(waits).toEqual([1000, 2000, 4000, 4000, 4000, 4000].slice(0, waits.length));
    const ids = history.filter(({ EventType }) => EventType === 7).map(({ InstanceId }) => InstanceId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(2);
  });

  it('does not miss a timer that is due at the very moment something else happens', async () => {
    const code = `
      df.app.activity('work', { handler: async ({ ms }) => { await sleep(ms); } });
      df.app.orchestration('main', function* (ctx) {
        const timer = ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 1000));
        yield ctx.df.Task.all([ctx.df.callActivity('work', { ms: 500 }), ctx.df.callActivity('work', { ms: 1000 }), timer]);
      });`;
    const { instance, tookMs } = await runOrchestrator({ code, forMs: 10_000 });
    expect([instance?.status, tookMs]).toEqual(['Completed', 1000]);
  });

  it('delivers an event that came while continue-as-new was decided to the new generation', async () => {
    const code = `df.app.orchestration('main', function* (ctx) {
      const { n } = ctx.df.getInput();
      yield ctx.df.waitForExternalEvent('go');
      if (n === 1) return 'both';
      ctx.df.continueAsNew({ n: n + 1 });
    });`;
    const { instance } = await runOrchestrator({
      code,
      input: { n: 0 },
      forMs: 5_000,
      onOrchestrator: (call, raise) => {
        if (call <= 2) raise('go');
      },
    });
    expect([instance?.status, instance?.output]).toEqual(['Completed', '"both"']);
  });

  it('keeps a timer of weeks whole', async () => {
    const code = `df.app.orchestration('main', function* (ctx) {
      yield ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 20 * 86_400_000));
      return 'late';
    });`;
    const { instance, history } = await runOrchestrator({ code, forMs: 1_000 });
    expect(instance?.status).toBe('Running');
    expect(history.filter(({ EventType }) => EventType === 10)).toHaveLength(1);
  });

  it('fails an orchestration that wants what is left out, and says so', async () => {
    const code = `df.app.orchestration('main', function* (ctx) {
      return yield ctx.df.callEntity(new df.EntityId('counter', 'a'), 'get');
    });`;
    const { instance, warnings } = await runOrchestrator({ code });
    expect(instance?.status).toBe('Failed');
    expect(warnings).toEqual([expect.stringContaining('not offered by the local Durable engine')]);
  });
});
