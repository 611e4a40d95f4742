import { useState } from 'react';
import { formatCount } from '../format/format-values.ts';

/** A screen or two; more would bury what stands below. */
const shownCharacters = 4000;

/** Text as it was written, the beginning of it where it is very long. The whole then scrolls in a place of its own. */
export const LongText = ({ text }: { text: string }) => {
  const [isWhole, setIsWhole] = useState(false);
  if (text.length <= shownCharacters) return <pre className="said">{text}</pre>;
  return (
    <>
      {isWhole ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre className="said whole" tabIndex={0}>
          {text}
        </pre>
      ) : (
        <pre className="said">{text.slice(0, shownCharacters)}…</pre>
      )}
      <button type="button" className="button button-small" onClick={() => setIsWhole(!isWhole)}>
        {isWhole ? 'Show less' : `Show all ${formatCount(text.length)} characters`}
      </button>
    </>
  );
};
