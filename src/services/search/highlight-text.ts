/** Characters shown before the first match, and in all. */
const [leadLength, snippetLength] = [60, 240];
const mostMarks = 20;
/** What search looks at; behind it nothing can have matched. */
const searchedLength = 50_000;

type Mark = { from: number; to: number };

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const wordPattern = /[\p{L}\p{N}_]+/gu;

/** The text as it was given, or any of its words where it stands alone, in any case. */
const patternOf = (query: string): RegExp => {
  const words = [...new Set(query.match(wordPattern) ?? [])].map(
    (word) => `(?<![\\p{L}\\p{N}_])${escapeRegExp(word)}(?![\\p{L}\\p{N}_])`,
  );
  return new RegExp([escapeRegExp(query), ...words].join('|'), 'giu');
};

const isLowSurrogate = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff;
/** Not between the halves of a character. */
const wholeCharacter = (text: string, place: number): number =>
  isLowSurrogate(text.charCodeAt(place)) ? place + 1 : place;

/**
 * The part of `text` around the first match of a search, and what in it matches; null: nothing does. It marks what a reader
 * looks for, which is what the database found but for its own idea of where words such as addresses end.
 */
export const highlightText = (text: string, query: string): { snippet: string; marks: Mark[] } | null => {
  const searched = text.slice(0, searchedLength);
  const first = searched.search(patternOf(query));
  if (first < 0) return null;
  const start = wholeCharacter(searched, Math.max(0, first - leadLength));
  const end = wholeCharacter(
    searched,
    Math.min(searched.length, start + Math.max(snippetLength, query.length + leadLength)),
  );
  const snippet = searched.slice(start, end);
  const marks: Mark[] = [];
  // Matched in the whole: at the edges of a part a word may seem to stand alone.
  for (const { index, 0: match } of searched.matchAll(patternOf(query))) {
    if (index < start) continue;
    if (index + match.length > end || marks.length === mostMarks) break;
    marks.push({ from: index - start, to: index - start + match.length });
  }
  return { snippet, marks };
};
