import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { CreateBatch } from '../../src/contract/batch.ts';
import { describeIssue } from '../../src/contract/describe-issue.ts';

const Everything = z.strictObject({
  text: z.string().min(1).max(3),
  name: z.string().min(2),
  count: z.number().int().min(1).max(5),
  share: z.number().gt(0),
  list: z.array(z.string()).min(1).max(2),
  choice: z.enum(['red', 'green']),
  only: z.literal(7),
  id: z.uuid(),
  link: z.url(),
  code: z.string().regex(/^x$/),
  said: z.string().regex(/^x$/, 'begins with x'),
  labels: z.record(z.string().regex(/^\w+$/, 'letters only'), z.string()),
  either: z.union([z.string(), z.number()]),
});

const wordsFor = (given: object): Record<string, string> =>
  Object.fromEntries(
    (Everything.safeParse(given).error?.issues ?? []).map((issue) => [
      String(issue.path[0]),
      describeIssue(issue),
    ]),
  );

describe('describeIssue', () => {
  it('says that something is missing', () => {
    expect(wordsFor({})).toMatchObject({ text: 'is missing', count: 'is missing', labels: 'is missing' });
  });

  it('says in plain words what a value must be, and keeps the words of a schema', () => {
    expect(
      wordsFor({
        text: '',
        name: 'a',
        count: 0.5,
        share: 0,
        list: [],
        choice: 'blue',
        only: 8,
        id: 'secret-1',
        link: 'secret-2',
        code: 'secret-3',
        said: 'secret-4',
        labels: { 'a b': 'c' },
        either: true,
      }),
    ).toEqual({
      text: 'must not be empty',
      name: 'must have at least 2 characters',
      count: 'must be a whole number',
      share: 'must be above 0',
      list: 'must not be empty',
      choice: 'must be one of red, green',
      only: 'must be 7',
      id: 'is no UUID',
      link: 'is no address',
      code: 'is not written as it should be',
      said: 'begins with x',
      labels: 'letters only',
      either: 'is not valid',
    });
  });

  it('names the upper bounds, and what type it wants', () => {
    expect(wordsFor({ text: 'long', count: 9, list: ['a', 'b', 'c'], share: '1', labels: [] })).toMatchObject(
      {
        text: 'must have at most 3 characters',
        count: 'must be at most 5',
        list: 'must have at most 2 of them',
        share: 'must be a number',
        labels: 'must be an object',
      },
    );
  });

  it('tells a negative sum from one that is no number', () => {
    const wordsOf = (maxCostUsd: string) =>
      CreateBatch.safeParse({
        targets: [{ provider: 'echo' }],
        items: [{ itemKey: 'a', prompt: 'b' }],
        maxCostUsd,
      }).error?.issues.map(describeIssue)[0];
    expect(wordsOf('two')).toMatch(/^write it as a decimal number/);
    expect(wordsOf('-1')).toMatch(/^must not be negative/);
  });
});
