import { expect } from '@jest/globals';
import type { GivenQuestion } from '../../../src/services/uploads/question-file.ts';
import { readQuestionLines } from '../../../src/services/uploads/read-question-lines.ts';
import { pieces } from '../../support/byte-pieces.ts';

/** Stands in lines where no fault may repeat it. */
export const secret = 'sk-never-shown';

export const readAll = async (
  content: AsyncIterable<Uint8Array>,
  limits: Parameters<typeof readQuestionLines>[1] = {},
): Promise<GivenQuestion[]> => {
  const questions: GivenQuestion[] = [];
  for await (const question of readQuestionLines(content, limits)) questions.push(question);
  return questions;
};
export const read = (text: string | Uint8Array) => readAll(pieces(text));
export const readOne = async (value: unknown): Promise<GivenQuestion> => {
  const [question, ...others] = await read(JSON.stringify(value));
  if (question === undefined || others.length > 0) throw new Error('not exactly one question');
  return question;
};
/** Pointers with their messages; a question without fault fails the test. */
export const faultsOf = async (value: unknown): Promise<Record<string, string>> => {
  const question = await readOne(value);
  if (!('faults' in question)) throw new Error('the line was taken');
  expect(JSON.stringify(question)).not.toContain(secret);
  return Object.fromEntries(question.faults.map(({ pointer, message }) => [pointer, message]));
};

/** A line of OpenAI's batch format. */
export const openai = (body: object = {}, line: object = {}) => ({
  custom_id: 'q1',
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Why?' }], ...body },
  ...line,
});
