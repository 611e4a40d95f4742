import type { Message } from '../../contract/inference.ts';
import { storableText } from '../storable.ts';

/** Longest text that search looks at, in UTF-16 units; the migration's 50,000 characters are at least as many. */
const maxLength = 50_000;

/** The messages' texts in a line each: what full text and trigram search look at. */
export const promptText = (messages: readonly Message[]): string => {
  const [only] = messages;
  const text =
    messages.length === 1 && only !== undefined
      ? only.content
      : messages.map(({ content }) => content).join('\n');
  return storableText(text.length > maxLength ? text.slice(0, maxLength) : text);
};
