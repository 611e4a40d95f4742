import { describe, expect, it } from '@jest/globals';
import { draftParameters, emptyParameters, readParameters } from '../../web/format/parameter-draft.ts';
import { draftOfRuns, messagesOf, type PlayDraft } from '../../web/format/play-draft.ts';
import { groupRounds } from '../../web/format/playground-rounds.ts';

describe('the playground', () => {
  it('puts together what one click has asked', () => {
    const run = (id: string, round?: string, column?: number) =>
      ({ id, metadata: round === undefined ? {} : { round, column } }) as never;
    const rounds = groupRounds([
      ...[run('f', '3', 0), run('e', '3', 1), run('d', '2', 0)],
      ...[run('c', '1'), run('b', '1'), run('a')],
    ]);
    expect(rounds.map(({ round, runs }) => [round, runs.map(({ id }) => id)])).toEqual([
      ['3', ['f', 'e']],
      ['2', ['d']],
      ['1', ['b', 'c']],
      [null, ['a']],
    ]);
  });

  it('leaves out what is left to the provider, and names what the API would refuse', () => {
    const read = (part: object) => readParameters({ ...emptyParameters, ...part });
    const more = '{"stop": ["END"]}';
    const { parameters } = read({ temperature: '0', maxOutputTokens: ' ', seed: '7', more });
    expect(parameters).toEqual({ temperature: 0, seed: 7, stop: ['END'] });
    expect(draftParameters(parameters ?? {})).toMatchObject({
      temperature: '0',
      topP: '',
      more: '{"stop":["END"]}',
    });
    const wrong = read({ temperature: 'warm', topP: '2', more: '{"stop": 1, "topQ": 1}' });
    expect(wrong.parameters).toBeNull();
    expect(Object.keys(wrong.faults).toSorted()).toEqual(['more', 'temperature', 'topP']);
    for (const text of ['{', '[]', '1', 'null'])
      expect(Object.keys(read({ more: text }).faults)).toEqual(['more']);
  });

  it('takes a question over with all that went before it', () => {
    const messages = [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'A?' },
      { role: 'assistant', content: 'B.' },
      { role: 'user', content: 'C?' },
    ];
    const run = { ...{ id: '1', provider: 'p', model: 'm' }, messages, originalMessages: null };
    const rest = { parameters: { seed: 1 }, preprocessing: { collapseWhitespace: true } };
    const draft = draftOfRuns([{ ...run, ...rest } as never]);
    expect(draft).toMatchObject({ system: 'Be short.', prompt: 'C?', preprocessing: rest.preprocessing });
    expect(messagesOf(draft as PlayDraft)).toEqual(messages);
  });
});
