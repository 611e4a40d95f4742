/** How an answer is heard while it comes, and stopped. */
export type AnswerListener = {
  onDelta(text: string): void;
  /** Aborts when somebody asked for the run to be stopped. */
  signal: AbortSignal;
};

/** What was heard of one attempt. */
export type Ear = {
  hear(text: string): void;
  /** All that has arrived. */
  text(): string;
  /** Epoch ms of the first text; null: nothing has arrived, or only the whole. */
  firstTokenAt(): number | null;
};

/** @param inPieces whether the provider streams: the arrival of a whole answer says nothing about its first token */
export const openEar = (listener: AnswerListener, inPieces: boolean, now: () => number): Ear => {
  let heard = '';
  let firstTokenAt: number | null = null;
  return {
    hear: (text) => {
      if (inPieces) firstTokenAt ??= now();
      heard += text;
      listener.onDelta(text);
    },
    text: () => heard,
    firstTokenAt: () => firstTokenAt,
  };
};
