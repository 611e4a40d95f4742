import fc from 'fast-check';

const tricks = [
  "' or 1=1--",
  "'; drop table inference_runs; --",
  '1 union select null',
  '..%2f..%2fetc%2fpasswd',
  '%252e%252e%252f',
  '%00',
  '%c0%ae%c0%ae',
  '%ff',
  '%',
  '%zz',
  '%ed%a0%80',
  '#{7*7}',
  '<script>alert(1)</script>',
  '0198C0DE',
  '00000000-0000-0000-0000-00000000000g',
  '{id}',
  '*',
  '-1',
  'null',
  'ä€😀',
];
/** A part of a path that no route knows, as it stands in an address. */
export const oddSegment = fc
  .oneof(
    fc.constantFrom(...tricks),
    fc.string({ minLength: 1, maxLength: 60, unit: 'binary' }),
    fc.constant('a'.repeat(3000)),
  )
  .map((text) =>
    tricks.includes(text) && text.includes('%') ? text : encodeURIComponent(text.toWellFormed()),
  )
  .filter((segment) => segment !== '' && !/^(\.|%2e){1,2}$/i.test(segment));

/** Texts like `valid` that aren't JSON. */
export const badTexts = (valid: string): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.integer({ min: 1, max: Math.max(1, valid.length - 1) }).map((length) => valid.slice(0, -length)),
      fc.string({ minLength: 1 }),
      fc.constantFrom(
        `${valid},`,
        `${valid}${valid}`,
        `[${valid}`,
        valid.replaceAll('"', "'"),
        `// x\n${valid}`,
      ),
      fc.constantFrom(
        'NaN',
        '{"prompt":NaN}',
        '{"a":01}',
        '{"a":1e999999',
        '{"a":"\\x"}',
        '{"a":"\n"}',
        'undefined',
        '\u0000',
      ),
    )
    .filter((text) => {
      try {
        JSON.parse(text);
        return false;
      } catch {
        return true;
      }
    });
