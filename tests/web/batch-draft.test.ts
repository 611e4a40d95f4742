import { describe, expect, it } from '@jest/globals';
import { draftOf, newDraft, newTarget, readDraft } from '../../web/format/batch-draft.ts';
import { groupFailures } from '../../web/format/group-failures.ts';
import { groupRounds, readParameters } from '../../web/format/playground-rounds.ts';
import { readFilter } from '../../web/format/run-filter.ts';

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

describe('failures', () => {
  it('are grouped by what they have in common, the most frequent first', () => {
    const item = (outcome: string | null, detail: string | null, model = 'm') =>
      ({ outcome, detail, provider: 'p', model }) as never;
    const groups = groupFailures([
      item('timeout', null),
      item('ok', null),
      item('provider_error', 'server_error'),
      item('provider_error', 'server_error'),
      item('provider_error', 'server_error', 'other'),
      item(null, null),
    ]);
    expect(groups.map(({ outcome, detail, model, count }) => [outcome, detail, model, count])).toEqual([
      ['provider_error', 'server_error', 'm', 2],
      ['timeout', null, 'm', 1],
      ['provider_error', 'server_error', 'other', 1],
    ]);
  });
});

describe('the filter of an address', () => {
  it('keeps what the API takes and names the rest', () => {
    const { filter, faults } = readFilter(
      new URLSearchParams({ outcome: 'ok', provider: 'No Such', metadata: 'a:b', other: 'x', text: '' }),
    );
    expect(filter).toEqual({ outcome: 'ok', metadata: 'a:b' });
    expect(Object.keys(faults)).toEqual(['provider']);
  });
});

describe('the playground', () => {
  it('puts together what one click has asked', () => {
    const run = (id: string, round?: string) =>
      ({ id, metadata: round === undefined ? {} : { round } }) as never;
    const rounds = groupRounds([run('d', '2'), run('c', '1'), run('b', '1'), run('a')]);
    expect(rounds.map(({ round, runs }) => [round, runs.map(({ id }) => id)])).toEqual([
      ['2', ['d']],
      ['1', ['b', 'c']],
      ['a', ['a']],
    ]);
  });

  it('leaves out what is left to the provider', () => {
    expect(readParameters({ temperature: '0', maxOutputTokens: ' ', topP: '', seed: '7' })).toEqual({
      temperature: 0,
      seed: 7,
    });
  });
});
