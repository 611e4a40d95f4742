import { describe, expect, it } from '@jest/globals';
import { chooseTargets } from '../../scripts/choose-targets.ts';
import { listFailures, renderReport } from '../../scripts/demo-report.ts';
import type { Inference } from '../../src/contract/inference.ts';
import type { ProviderInfo } from '../../src/contract/provider-info.ts';

const run = (part: Partial<Inference>): Inference =>
  ({
    provider: 'a',
    model: 'm',
    outcome: 'ok',
    usage: null,
    costUsd: null,
    latencyMs: null,
    ...part,
  }) as Inference;
const usage = (inputTokens: number | null, outputTokens: number | null) => ({
  inputTokens,
  outputTokens,
  cachedInputTokens: null,
  reasoningTokens: null,
  estimated: false,
});
const cells = (report: string, row: number) =>
  report
    .split('\n')
    .filter((line) => line.startsWith('│'))
    [row]?.split('│')
    .slice(1, -1)
    .map((cell) => cell.trim());

describe('renderReport', () => {
  it('counts outcomes, sums decimals exactly and takes percentiles that were measured', () => {
    const report = renderReport(
      [{ provider: 'a', model: 'm' }],
      [
        ...[10, 20, 30, 40].map((latencyMs) => run({ latencyMs, usage: usage(5, 7), costUsd: '0.1' })),
        run({ outcome: 'provider_error', latencyMs: 9000, costUsd: '0.0000000001' }),
        run({ provider: 'other', latencyMs: 1 }),
      ],
      false,
    );
    expect(cells(report, 1)).toEqual(['a', 'm', '4', '1', '20', '28', '0.4000000001', '20', '40']);
  });

  it('shows what is unknown as –, never as 0', () => {
    const report = renderReport(
      [
        { provider: 'a', model: 'm' },
        { provider: 'b', model: 'm' },
      ],
      [run({ usage: usage(3, null) }), run({ usage: usage(null, null), costUsd: '2' })],
      false,
    );
    expect(cells(report, 1)).toEqual(['a', 'm', '2', '0', '3 (1 unknown)', '–', '2 (1 unknown)', '–', '–']);
    expect(cells(report, 2)).toEqual(['b', 'm', '0', '0', '–', '–', '–', '–', '–']);
  });
});

describe('listFailures', () => {
  it('names each reason once, the most frequent first', () => {
    const error = { code: 'server_error', message: 'broken', retryable: true };
    const failures = listFailures([
      run({ outcome: 'timeout', error: null }),
      run({ outcome: 'provider_error', error }),
      run({ outcome: 'provider_error', error }),
      run({ outcome: 'truncated' }),
    ]);
    expect(failures).toEqual(['2 × a: provider_error: broken', '1 × a: timeout']);
  });
});

describe('chooseTargets', () => {
  const provider = (name: string, kind: ProviderInfo['kind'], model?: string): ProviderInfo => ({
    name,
    kind,
    models: model === undefined ? null : [{ id: model, family: null, contextTokens: null }],
    capabilities: { stream: true, embed: false, listModels: true, logprobs: false, seed: false },
  });

  it('takes real providers before offline ones, and a declared model before the usual one', () => {
    const all = [
      provider('echo', 'echo'),
      provider('openai', 'openai'),
      provider('azure', 'azure', 'my-deployment'),
    ];
    expect(chooseTargets(all)).toEqual([
      { provider: 'openai', model: 'gpt-4o-mini' },
      { provider: 'azure', model: 'my-deployment' },
    ]);
    expect(chooseTargets(all.slice(0, 2)).map(({ provider }) => provider)).toEqual(['openai', 'echo']);
  });

  it('leaves out a provider of which no model is known', () => {
    expect(chooseTargets([provider('own', 'compatible')])).toEqual([]);
  });
});
