/** What of a question and its answer may leave for Langfuse. */
export type ContentMode = 'full' | 'masked' | 'none';

export type TraceContentOptions = {
  mode: ContentMode;
  /** Strikes out what points to a person; asked for in `masked` only. */
  mask: (text: string) => string;
  /** Strikes out keys and passwords; always asked. */
  redact: (text: string) => string;
};

type Message = { role: string; content: string };

/** Undefined: nothing may leave. */
export type TraceContent = {
  text(text: string | null): string | undefined;
  messages(messages: readonly Message[]): Message[] | undefined;
  labels(labels: Readonly<Record<string, unknown>>): string | undefined;
};

/** Of all messages together, and of an answer, in characters: the record has the rest, and what waits to be sent is in memory. */
export const mostContent = 100_000;
/** Something that the cut went through the middle of is not recognised any more, so the end is left out. */
const blurred = 500;
const cutMark = ' … [cut; the whole is in the record]';

/** Prepares content for a trace: cut to size, without secrets, and masked or left out as configured. */
export const createTraceContent = ({ mode, mask, redact }: TraceContentOptions): TraceContent => {
  const clean = (text: string): string => (mode === 'masked' ? mask(redact(text)) : redact(text));

  const cleanCut = (text: string, most: number): string => {
    if (text.length <= most) return clean(text);
    return clean(text.slice(0, most)).slice(0, -blurred) + cutMark;
  };

  return {
    text: (text) => (mode === 'none' || text === null ? undefined : cleanCut(text, mostContent)),
    messages: (messages) => {
      if (mode === 'none') return undefined;
      let room = mostContent;
      // From the end: the last message is the question.
      const cut = messages.toReversed().map(({ role, content }) => {
        const shown = cleanCut(content, room);
        room = Math.max(0, room - content.length);
        return { role, content: shown };
      });
      return cut.reverse();
    },
    labels: (labels) => {
      if (mode === 'none' || Object.keys(labels).length === 0) return undefined;
      return cleanCut(JSON.stringify(labels), mostContent);
    },
  };
};
