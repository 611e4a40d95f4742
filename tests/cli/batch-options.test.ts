import { describe, expect, it } from '@jest/globals';
import { parseBatchOptions } from '../../cli/batch-options.ts';
import { batchId } from '../support/example-batches.ts';

const targetsOf = (...words: string[]) => {
  const options = parseBatchOptions(['f.jsonl', ...words]);
  return options.command === 'run' ? options.definition.targets : null;
};

describe('parseBatchOptions', () => {
  it('pairs providers and models', () => {
    expect(targetsOf('--provider', 'a', '--model', 'm', '--provider', 'b', '--model', 'n')).toEqual([
      { provider: 'a', model: 'm' },
      { provider: 'b', model: 'n' },
    ]);
    expect(targetsOf('--provider', 'a', '--model', 'm', '--model', 'n')).toEqual([
      { provider: 'a', model: 'm' },
      { provider: 'a', model: 'n' },
    ]);
    expect(targetsOf('--provider', 'a', '--max-output-tokens', '9')).toEqual([
      { provider: 'a', parameters: { maxOutputTokens: 9 } },
    ]);
  });

  it.each([
    [['f', '--provider', 'a', '--provider', 'b', '--model', 'm'], /2 providers and 1 models/],
    [['f', '--provider', 'Not A Name', '--model', 'm'], /^--provider: lower-case/],
    [['f', '--provider', 'a', '--repeat', '0'], /^--repeat: /],
    [['f', '--provider', 'a', '--repeat', '1.5'], /^--repeat: /],
    [['f', '--provider', 'a', '--concurrency', 'many'], /--concurrency wants a number, not "many"/],
    [['f', '--provider', 'a', '--max-cost', '-1'], /--max-cost/],
    [['f', '--provider', 'a', '--max-cost', '1e3'], /^--max-cost: /],
    [['f', '--provider', 'a', '--temperature', '3'], /^--temperature: /],
    [['f', '--provider', 'a', '--on-unknown', 'forget'], /^--on-unknown: /],
    [['f', '--provider', 'a', '--format', 'openai'], /--format needs --results/],
    [['f', '--provider', 'a', '--results', 'r', '--format', 'csv'], /native or openai/],
    [['f', 'g', '--provider', 'a'], /one file at a time/],
    [['--attach', 'x'], /"x" is no id/],
    [['--attach', batchId, '--cancel', batchId], /exclude each other/],
    [['--attach', batchId, 'f'], /no file/],
    [['--pause', batchId, '--repeat', '2'], /--repeat has no place beside --pause/],
  ])('refuses %j', (words, message) => {
    expect(() => parseBatchOptions(words)).toThrow(message);
  });
});
