import { useEffect, useState } from 'react';
import { usePriceOf } from '../api/use-price-of.ts';
import { formatCount, formatDuration, formatUsd } from '../format/format-values.ts';
import type { Asking } from './use-playground.ts';

const tickMs = 200;

/** A token has about four bytes, and a piece of a streamed answer is about one token. */
const bytesPerToken = 4;
const tokensPerPrice = 1_000_000;

type LiveFiguresProps = {
  state: Asking;
  choice: { provider: string; model: string };
  /** UTF-8 bytes of the question. */
  questionBytes: number;
};

/** Time, tokens and cost of an answer while it comes; tokens and cost are guesses until its record is there. */
export const LiveFigures = ({ state, choice, questionBytes }: LiveFiguresProps) => {
  const { pieces, askedAtMs, firstTextAtMs } = state;
  const price = usePriceOf(choice);
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), tickMs);
    return () => clearInterval(timer);
  }, []);
  const inputTokens = Math.ceil(questionBytes / bytesPerToken);
  const usd =
    price === null
      ? null
      : (inputTokens * Number(price.inputPerMillion) + pieces * Number(price.outputPerMillion)) /
        tokensPerPrice;
  return (
    <div className="play-figures">
      <span>
        ≈ {formatCount(inputTokens)} → {formatCount(pieces)} tokens
      </span>
      <span>{usd === null ? formatUsd(null) : `≈ ${formatUsd(usd.toFixed(12))}`}</span>
      <span>{formatDuration(Math.max(0, nowMs - askedAtMs))}</span>
      {firstTextAtMs !== null && <span>first word after {formatDuration(firstTextAtMs - askedAtMs)}</span>}
    </div>
  );
};
