import { describe, expect, it } from '@jest/globals';
import { draftOf, newDraft, newTarget, readDraft } from '../../web/format/batch-draft.ts';

const draft = newDraft([newTarget({ provider: 'echo', model: 'echo-1' })]);

describe('a batch as it is typed', () => {
  it('becomes a definition without what is empty', () => {
    const { definition, faults } = readDraft({ ...draft, name: ' nightly ', maxCostUsd: '2.50' });
    expect(faults).toEqual({});
    expect(definition).toEqual({
      name: 'nightly',
      targets: [{ provider: 'echo', model: 'echo-1' }],
      repetitions: 1,
      concurrency: 32,
      maxAttempts: 5,
      maxCostUsd: '2.50',
      shareIdentical: false,
      onUnknown: 'resend',
    });
  });

  it('names the fields that are wrong', () => {
    const target = { ...newTarget({ provider: 'echo', model: 'm' }), temperature: 'hot' };
    const { definition, faults } = readDraft({
      ...draft,
      targets: [target],
      repetitions: '0',
      maxCostUsd: 'much',
    });
    expect(definition).toBeNull();
    expect(Object.keys(faults).toSorted()).toEqual([
      'maxCostUsd',
      'repetitions',
      'targets/0/parameters/temperature',
    ]);
  });

  it('comes back from what is stored', () => {
    const { definition } = readDraft({ ...draft, maxTokens: '1000', shareIdentical: true, resend: false });
    if (definition === null) throw new Error('no definition');
    const stored = { ...draft, ...definition, items: [] };
    expect(readDraft(draftOf(stored as never)).definition).toEqual(definition);
  });
});
