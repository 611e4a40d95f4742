import { cleanText } from './clean-text.ts';

/** How an answer is heard while it comes, and stopped. */
export type AnswerListener = {
  onDelta(text: string): void;
  /** Aborts when somebody asked for the run to be stopped. */
  signal: AbortSignal;
};

/** What was heard of one attempt. */
export type Ear = {
  /** Passes it on as the record will hold it; half a surrogate pair waits for its other half. */
  hear(text: string): void;
  /** Nothing more will come. */
  end(): void;
  /** All that has arrived. */
  text(): string;
  /** Epoch ms of the first text; null: nothing has arrived, or only the whole. */
  firstTokenAt(): number | null;
};

/** @param inPieces whether the provider streams: the arrival of a whole answer says nothing about its first token */
export const openEar = (listener: AnswerListener, inPieces: boolean, now: () => number): Ear => {
  let heard = '';
  let half = '';
  const tell = (text: string): void => {
    if (text !== '') listener.onDelta(cleanText(text));
  };
  let firstTokenAt: number | null = null;
  return {
    hear: (text) => {
      if (inPieces) firstTokenAt ??= now();
      heard += text;
      const known = half + text;
      half = /[\ud800-\udbff]$/.exec(known)?.[0] ?? '';
      tell(known.slice(0, known.length - half.length));
    },
    end: () => {
      tell(half);
      half = '';
    },
    text: () => heard,
    firstTokenAt: () => firstTokenAt,
  };
};
