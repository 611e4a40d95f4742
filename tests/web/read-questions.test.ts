import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readQuestions } from '../../web/format/read-questions.ts';
import { repositoryRoot } from '../support/import-graph.ts';

describe('questions as they are pasted', () => {
  it('are taken in every form of the API, blank lines aside', async () => {
    const { items, models, faults } = await readQuestions(
      [
        '{"itemKey":"a","prompt":"One?"}',
        '',
        '{"id":"b","messages":[{"role":"user","content":"Two?"}]}\r',
        '{"custom_id":"c","method":"POST","url":"/v1/chat/completions","body":{"model":"m-1","messages":[{"role":"user","content":"Three?"}]}}',
      ].join('\n'),
    );
    expect(faults).toEqual([]);
    expect(items.map(({ itemKey }) => itemKey)).toEqual(['a', 'b', 'c']);
    expect(models).toEqual(['m-1']);
  });

  it('include the example of this repository', async () => {
    const { items, faults } = await readQuestions(
      readFileSync(path.join(repositoryRoot, 'examples/questions.jsonl'), 'utf8'),
    );
    expect(faults).toEqual([]);
    expect(items.length).toBeGreaterThan(3);
  });

  it('are refused by line, five faults at most', async () => {
    const bad = [
      'nonsense',
      '[]',
      '{"itemKey":"a"}',
      '{"itemKey":"b","prompt":"x","tools":[]}',
      '7',
      '8',
      '9',
    ];
    const { items, faults } = await readQuestions(['{"itemKey":"ok","prompt":"x"}', ...bad].join('\n'));
    expect(items).toHaveLength(1);
    expect(faults.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6]);
    expect(faults[0]?.message).toBe('is not valid JSON');
    expect(faults[2]?.message).toContain('exactly one of prompt and messages');
  });

  it('name a key that is there twice', async () => {
    const { faults } = await readQuestions('{"id":"a","prompt":"x"}\n{"id":"a","prompt":"y"}');
    expect(faults).toEqual([{ line: 2, message: 'the key “a” is there twice' }]);
  });
});
