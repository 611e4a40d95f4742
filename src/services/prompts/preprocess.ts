import { type Message, maxTextLength, type Preprocessing } from '../../contract/inference.ts';
import { AppError } from '../../errors.ts';
import { collapseWhitespace } from './collapse-whitespace.ts';
import { boundMessageTokens, countMessageTokens, countTokens } from './count-tokens.ts';
import { fillTemplate } from './fill-template.ts';
import { removePii } from './remove-pii.ts';
import { stripControlCharacters } from './strip-control-characters.ts';
import { truncateToTokens } from './truncate-to-tokens.ts';

/** What variables may add to all messages together, in characters: as much as a request's body brings at most. */
const mostAdded = 16 * 1024 * 1024;

export type Preprocessed = {
  messages: readonly Message[];
  /** The messages as given, where any step changed one; otherwise null. */
  originalMessages: readonly Message[] | null;
};

/**
 * The steps that a request asks for, always in this order: template variables, control characters, white space,
 * personal data, truncation. Values of variables thus go through every later step, a number broken by stray white
 * space is still recognised, and what is counted is what is sent.
 *
 * Truncation to `maxInputTokens` (of the whole input, separators included) shortens the last user message.
 *
 * @param pointerOf JSON pointer of the n-th message's text in the request.
 * @throws {AppError} invalid_request for an unknown variable, input_too_long when the other messages leave no room or a
 *   message has grown beyond what the contract holds.
 */
export const preprocess = async (
  original: readonly Message[],
  steps: Preprocessing | undefined,
  pointerOf: (index: number) => string,
): Promise<Preprocessed> => {
  if (steps === undefined) return { messages: original, originalMessages: null };
  let changed = false;
  let room = mostAdded;
  let messages = original.map((message, index) => {
    const content = cleanText(message.content, steps, pointerOf(index), Math.min(room, maxTextLength));
    if (content === message.content) return message;
    changed = true;
    room -= Math.max(0, content.length - message.content.length);
    return { role: message.role, content };
  });
  if (steps.maxInputTokens !== undefined) {
    const truncated = await truncateMessages(messages, steps.maxInputTokens);
    if (truncated !== null) {
      messages = truncated;
      changed = true;
    }
  }
  refuseOverlong(messages, pointerOf);
  return { messages, originalMessages: changed ? original : null };
};

/** What the contract cannot hold could be stored, but never be read again. */
const refuseOverlong = (messages: readonly Message[], pointerOf: (index: number) => string): void => {
  const index = messages.findIndex(({ content }) => content.length > maxTextLength);
  if (index === -1) return;
  const message = `has more than ${maxTextLength} characters after preprocessing`;
  throw new AppError('input_too_long', `The input is too long: a text ${message}.`, {
    faults: [{ pointer: pointerOf(index), message }],
  });
};

const cleanText = (content: string, steps: Preprocessing, pointer: string, mostFilled: number): string => {
  let text = content;
  if (steps.variables !== undefined) text = fillTemplate(text, steps.variables, pointer, mostFilled);
  if (steps.stripControlCharacters === true) text = stripControlCharacters(text);
  if (steps.collapseWhitespace === true) text = collapseWhitespace(text);
  if (steps.removePii !== undefined) text = removePii(text, steps.removePii);
  return text;
};

/** @returns null when everything fits as it is. */
const truncateMessages = async (messages: Message[], maxInputTokens: number): Promise<Message[] | null> => {
  if (boundMessageTokens(messages) <= maxInputTokens) return null;
  const total = await countMessageTokens(messages);
  if (total <= maxInputTokens) return null;
  const index = messages.findLastIndex((message) => message.role === 'user');
  const last = messages[index];
  const room = last === undefined ? 0 : maxInputTokens - (total - (await countTokens(last.content)));
  if (last === undefined || room <= 0) {
    const rest =
      last === undefined ? 'there is no user message to shorten' : 'the other messages leave no room';
    const message = `the input has ${total} tokens, at most ${maxInputTokens} were asked for, and ${rest}`;
    throw new AppError('input_too_long', `Truncation is impossible: ${message}.`, {
      faults: [{ pointer: '/preprocessing/maxInputTokens', message }],
    });
  }
  return messages.with(index, { role: last.role, content: await truncateToTokens(last.content, room) });
};
