import type { Highlight } from '../../src/contract/search.ts';

export type TextPart = { text: string; isMarked: boolean };

/** A snippet cut where its marks begin and end. Marks that overlap or lie outside of it are taken as far as they make sense. */
export const markText = ({ snippet, marks }: Pick<Highlight, 'snippet' | 'marks'>): TextPart[] => {
  const parts: TextPart[] = [];
  let done = 0;
  for (const { from, to } of marks.toSorted((left, right) => left.from - right.from)) {
    const [start, end] = [Math.max(done, from), Math.min(snippet.length, to)];
    if (end <= start) continue;
    if (start > done) parts.push({ text: snippet.slice(done, start), isMarked: false });
    parts.push({ text: snippet.slice(start, end), isMarked: true });
    done = end;
  }
  if (done < snippet.length) parts.push({ text: snippet.slice(done), isMarked: false });
  return parts;
};
