import type { z } from 'zod';

/** Zod's own words begin so; words that a schema gives itself do not, and stay. */
const ownWords = /^(?:Invalid|Too small|Too big)\b/;

const types: Record<string, string> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a text',
};

const formats: Record<string, string> = { uuid: 'is no UUID', url: 'is no address' };

const amount = (count: number | bigint, noun: string) => `${count} ${noun}${Number(count) === 1 ? '' : 's'}`;

const bound = (
  { origin, inclusive }: { origin: string; inclusive?: boolean | undefined },
  limit: number | bigint,
  words: readonly [atLeast: string, above: string],
): string => {
  if (origin === 'string') return `must have ${words[0]} ${amount(limit, 'character')}`;
  if (origin === 'array' || origin === 'set') return `must have ${words[0]} ${limit} of them`;
  return `must be ${words[inclusive === false ? 1 : 0]} ${limit}`;
};

/** What is wrong with a value, in plain words that never repeat it; they follow the name of its place. */
export const describeIssue = (issue: z.core.$ZodIssue): string => {
  if (!ownWords.test(issue.message)) return issue.message;
  const isMissing = issue.message.endsWith('received undefined');
  switch (issue.code) {
    case 'invalid_type':
      if (isMissing) return 'is missing';
      return `must be ${types[issue.expected] ?? issue.expected}`;
    case 'too_small':
      if (issue.minimum === 1 && (issue.origin === 'string' || issue.origin === 'array')) {
        return 'must not be empty';
      }
      return bound(issue, issue.minimum, ['at least', 'above']);
    case 'too_big':
      return bound(issue, issue.maximum, ['at most', 'below']);
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'invalid_key':
      return issue.issues.map(describeIssue).join('; ');
    case 'invalid_format':
      return formats[issue.format] ?? 'is not written as it should be';
    default:
      return 'is not valid';
  }
};
