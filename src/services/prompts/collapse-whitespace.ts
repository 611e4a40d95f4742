/**
 * Makes white space regular: line breaks become `\n`, any other run of white space becomes one space, none stays
 * beside a line break, at most one empty line follows another, and both ends are trimmed. Doing it twice changes nothing.
 */
export const collapseWhitespace = (text: string): string =>
  text
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
