import { describe, expect, it } from '@jest/globals';
import { createReportRun } from '../../../src/services/calls/report-run.ts';
import { noTelemetry } from '../../../src/telemetry/no-telemetry.ts';
import type { GenerationFacts, Telemetry } from '../../../src/telemetry/telemetry.ts';
import { exampleRun, exampleSettlement } from '../../support/example-rows.ts';

const listen = (measures: boolean) => {
  const generations: GenerationFacts[] = [];
  const measured: [string, number, Record<string, string> | undefined][] = [];
  const telemetry: Telemetry = {
    ...noTelemetry,
    measures,
    generation: (_trace, facts) => void generations.push(facts),
    measure: (name, value, labels) => void measured.push([name, value, labels]),
  };
  return { generations, measured, report: createReportRun(telemetry) };
};

const trace = { traceId: 'a'.repeat(32), parentSpanId: null };

describe('createReportRun', () => {
  it('tells what was sent and what came of it', () => {
    const { generations, report } = listen(false);
    const run = exampleRun({
      messages: [{ role: 'user', content: 'sent' }],
      originalMessages: [{ role: 'user', content: 'as the caller wrote it' }],
    });
    report(trace, run, { ...exampleSettlement(run), text: 'answer', costUsd: null });
    expect(generations).toMatchObject([
      { inferenceId: run.id, text: 'answer', costUsd: null, messages: [{ role: 'user', content: 'sent' }] },
    ]);
    expect(JSON.stringify(generations)).not.toContain('as the caller wrote it');
  });

  it('measures what is known, and leaves out what is not', () => {
    const { measured, report } = listen(true);
    const run = exampleRun({ provider: 'openai', model: 'm' });
    const usage = {
      inputTokens: 7,
      cachedInputTokens: null,
      outputTokens: null,
      reasoningTokens: null,
      estimated: false,
    };
    report(null, run, {
      ...exampleSettlement(run),
      outcome: 'truncated',
      usage,
      costUsd: null,
      latencyMs: 120,
      attemptCount: 3,
    });
    const labels = { provider: 'openai', model: 'm', outcome: 'truncated' };
    expect(measured).toEqual([
      ['sq.inferences', 1, labels],
      ['sq.inference.duration', 120, labels],
      ['sq.inference.retries', 2, labels],
      ['sq.inference.tokens', 7, { ...labels, direction: 'input' }],
    ]);
  });

  it('measures nothing where nobody reads it', () => {
    const { measured, report } = listen(false);
    const run = exampleRun();
    report(null, run, exampleSettlement(run));
    expect(measured).toEqual([]);
  });
});
