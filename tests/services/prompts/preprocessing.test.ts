import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AppError } from '../../../src/errors.ts';
import { collapseWhitespace } from '../../../src/services/prompts/collapse-whitespace.ts';
import { fillTemplate } from '../../../src/services/prompts/fill-template.ts';
import { preprocess } from '../../../src/services/prompts/preprocess.ts';
import { removePii } from '../../../src/services/prompts/remove-pii.ts';
import { stripControlCharacters } from '../../../src/services/prompts/strip-control-characters.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 300 });
const pointerOf = (index: number) => `/messages/${index}/content`;

const thrownBy = async (work: () => unknown): Promise<AppError> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('fillTemplate', () => {
  it.each([
    ['Hello {{name}}!', { name: 'Ada' }, 'Hello Ada!'],
    ['{{ a }}{{a}}', { a: '1' }, '11'],
    ['{"json": {{value}}, "n": {{"x": 1}} }', { value: '2' }, '{"json": 2, "n": {{"x": 1}} }'],
    ['{{{a}}}', { a: '1' }, '{1}'],
    ['\\{{a}} {{a}}', { a: '1' }, '{{a}} 1'],
    ['{{a}}', { a: '$& $1 {{a}} {{b}}' }, '$& $1 {{a}} {{b}}'],
    ['no placeholder', { unused: 'x' }, 'no placeholder'],
  ])('%j with %j gives %j', (template, variables, expected) => {
    expect(fillTemplate(template, variables, '/prompt')).toBe(expected);
  });

  it('names an unknown variable with its place', async () => {
    const error = await thrownBy(() => fillTemplate('one\ntwo\n  {{nmae}}', { name: 'x' }, '/prompt'));
    expect(error.code).toBe('invalid_request');
    expect(error.faults).toEqual([
      { pointer: '/prompt', message: 'unknown variable "nmae" at line 3, column 3' },
    ]);
  });

  it.each(['toString', '__proto__', 'constructor'])('does not find %s on the prototype', async (name) => {
    expect((await thrownBy(() => fillTemplate(`{{${name}}}`, {}, '/prompt'))).code).toBe('invalid_request');
  });

  it('never expands what a value brought in', () => {
    fc.assert(
      fc.property(text, text, (value, other) => {
        expect(fillTemplate('<{{a}}|{{b}}>', { a: value, b: other }, '/prompt')).toBe(`<${value}|${other}>`);
      }),
    );
  });
});

describe('stripControlCharacters', () => {
  it('takes C0, DEL and C1, keeps tab, line breaks and joiners', () => {
    expect(stripControlCharacters('a\u0001b\u001b[0m\tc\r\nd\u007f\u0085e👩\u200d🔬')).toBe(
      'ab[0m\tc\r\nde👩\u200d🔬',
    );
  });
});

describe('a text that grows', () => {
  const million = ' '.repeat(1_000_000);

  it('is refused where variables bring in more than a text may hold', async () => {
    const error = await thrownBy(() => fillTemplate('{{a}}'.repeat(1000), { a: million }, '/prompt'));
    expect(error).toMatchObject({ code: 'input_too_long', faults: [{ pointer: '/prompt' }] });
  });

  it('is refused when it is longer than can be read again', async () => {
    const content = `${'a'.repeat(3_500_000)}{{a}}`;
    const error = await thrownBy(() =>
      preprocess([{ role: 'user', content }], { variables: { a: million } }, pointerOf),
    );
    expect(error).toMatchObject({ code: 'input_too_long', faults: [{ pointer: pointerOf(0) }] });
  });

  it('is refused when many messages grow together beyond the memory', async () => {
    const messages = Array.from({ length: 1000 }, () => ({ role: 'user' as const, content: '{{a}}' }));
    const error = await thrownBy(() => preprocess(messages, { variables: { a: million } }, pointerOf));
    expect(error).toMatchObject({ code: 'input_too_long', faults: [{ pointer: pointerOf(16) }] });
  });
});

describe('collapseWhitespace', () => {
  it.each([
    ['  a \t b  ', 'a b'],
    ['a\r\nb\rc', 'a\nb\nc'],
    ['a \n \n \n \n b', 'a\n\nb'],
    ['a\u00a0\u2003b', 'a b'],
    [' \n ', ''],
  ])('%j becomes %j', (given, expected) => {
    expect(collapseWhitespace(given)).toBe(expected);
  });

  it('changes nothing the second time and never touches a visible character', () => {
    const spaced = fc
      .array(fc.constantFrom(' ', '\t', '\n', '\r', '\u2028', '\u00a0', 'a', 'ß', '😀'))
      .map((all) => all.join(''));
    fc.assert(
      fc.property(fc.oneof(text, spaced), (given) => {
        const once = collapseWhitespace(given);
        expect(collapseWhitespace(once)).toBe(once);
        expect(once.replace(/\s/g, '')).toBe(given.replace(/\s/g, ''));
      }),
    );
  });
});

describe('removePii', () => {
  it.each([
    ['write to ada.lovelace+x@math.example.co.uk, please', 'write to [email], please'],
    ['jürgen@bücher.example', '[email]'],
    ['@handle and a@b', '@handle and a@b'],
  ])('e-mail: %j', (given, expected) => {
    expect(removePii(given, ['email'])).toBe(expected);
  });

  it.each([
    ['4111 1111 1111 1111', '[card]'],
    ['pay 5555555555554444 now', 'pay [card] now'],
    ['no. 12 4111-1111-1111-1111 05 27', 'no. 12 [card] 05 27'],
    ['378282246310005 and 4111111111111111', '[card] and [card]'],
    ['4111 1111 1111 1112', '4111 1111 1111 1112'],
    ['1700000000000', '1700000000000'],
  ])('card: %j', (given, expected) => {
    expect(removePii(given, ['card'])).toBe(expected);
  });

  it.each([
    ['+49 (0)30 1234-5678', '[phone]'],
    ['call 0049 151 23456789!', 'call [phone]!'],
    ['(555) 123-4567 or 555-123-4567 or 1-555-123-4567', '[phone] or [phone] or [phone]'],
    ['030 12345678', '[phone]'],
    ['01.23.45.67.89', '[phone]'],
    ['on 2024-01-02 at 10:30', 'on 2024-01-02 at 10:30'],
    ['01.02.2024 10:30', '01.02.2024 10:30'],
    ['192.168.100.200', '192.168.100.200'],
    ['order 5551234567', 'order 5551234567'],
    ['pi is 3.14159265358979', 'pi is 3.14159265358979'],
    ['0.1234567890123', '0.1234567890123'],
  ])('phone: %j', (given, expected) => {
    expect(removePii(given, ['phone'])).toBe(expected);
  });

  it('removes only the kinds asked for', () => {
    const given = 'a@b.example +49 30 12345678 4111 1111 1111 1111';
    expect(removePii(given, ['email'])).toBe('[email] +49 30 12345678 4111 1111 1111 1111');
    expect(removePii(given, ['email', 'phone', 'card'])).toBe('[email] [phone] [card]');
  });

  it.each(['a', 'a.', '@', 'a@', 'a@a.', '0', '+', '1 ', '(', '0-', '+1 ', '4111 ', '00 '])(
    'takes linear time on %j repeated',
    (piece) => {
      const kinds = ['email', 'phone', 'card'] as const;
      const started = performance.now();
      removePii(piece.repeat(Math.ceil(400_000 / piece.length)), kinds);
      expect(performance.now() - started).toBeLessThan(2500);
    },
  );
});

describe('preprocess', () => {
  it('hands on the very same messages when nothing is asked for or nothing changes', async () => {
    const messages = [{ role: 'user' as const, content: 'plain' }];
    expect(await preprocess(messages, undefined, pointerOf)).toEqual({ messages, originalMessages: null });
    const untouched = await preprocess(messages, { collapseWhitespace: true, maxInputTokens: 50 }, pointerOf);
    expect(untouched).toEqual({ messages, originalMessages: null });
  });

  it('fills, strips, collapses and removes in this order, and keeps the original', async () => {
    const messages = [
      { role: 'system' as const, content: 'Be  brief.' },
      { role: 'user' as const, content: 'Mail {{who}}' },
    ];
    const result = await preprocess(
      messages,
      {
        variables: { who: 'ada@\u0001math.example   at 4111  1111\t1111 1111' },
        stripControlCharacters: true,
        collapseWhitespace: true,
        removePii: ['email', 'card'],
      },
      pointerOf,
    );
    expect(result.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Mail [email] at [card]' },
    ]);
    expect(result.originalMessages).toBe(messages);
  });

  it('names the message of an unknown variable', async () => {
    const messages = [
      { role: 'system' as const, content: 'a' },
      { role: 'user' as const, content: '{{x}}' },
    ];
    const error = await thrownBy(() => preprocess(messages, { variables: {} }, pointerOf));
    expect(error.faults[0]?.pointer).toBe('/messages/1/content');
  });

  it('truncates the last user message to what is left', async () => {
    const messages = [
      { role: 'user' as const, content: 'first question' },
      { role: 'user' as const, content: 'word '.repeat(200) },
      { role: 'assistant' as const, content: 'Well' },
    ];
    const result = await preprocess(messages, { maxInputTokens: 50 }, pointerOf);
    expect(result.messages[0]).toEqual(messages[0]);
    expect(result.messages[2]).toEqual(messages[2]);
    // 50 − 3 (start of the answer) − 3 · 4 (separators) − 2 ("first question") − 1 ("Well") = 32 words.
    expect(result.messages[1]?.content).toBe('word '.repeat(32).trimEnd());
    expect(result.originalMessages).toBe(messages);
  });

  it('refuses when the other messages leave no room', async () => {
    const messages = [
      { role: 'system' as const, content: 'word '.repeat(100) },
      { role: 'user' as const, content: 'hi' },
    ];
    const error = await thrownBy(() => preprocess(messages, { maxInputTokens: 50 }, pointerOf));
    expect(error.code).toBe('input_too_long');
    expect(error.faults[0]?.pointer).toBe('/preprocessing/maxInputTokens');
    const onlySystem = await thrownBy(() =>
      preprocess(messages.slice(0, 1), { maxInputTokens: 50 }, pointerOf),
    );
    expect(onlySystem.code).toBe('input_too_long');
  });
});
