import type { Message } from '../../src/contract/inference.ts';

/** A line shows no more. */
const shownCharacters = 300;

/** The beginning of a text on one line. */
export const excerpt = (text: string | undefined | null): string =>
  (text ?? '').slice(0, shownCharacters).replace(/\s+/g, ' ').trim();

/** What was asked last, on one line. */
export const questionOf = ({ messages }: { messages: readonly Message[] }): string =>
  excerpt(messages.findLast(({ role }) => role === 'user')?.content) || 'No question';
