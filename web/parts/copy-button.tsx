import { useState } from 'react';

const shownMs = 2000;

/** Copies a text and says so. */
export const CopyButton = ({ text, label = 'Copy' }: { text: string; label?: string }) => {
  const [said, setSaid] = useState<string | null>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
    } catch {
      setSaid('Not allowed');
    }
    setTimeout(() => setSaid(null), shownMs);
  };
  return (
    <button type="button" className="button button-small" onClick={() => void copy()} aria-live="polite">
      {said ?? label}
    </button>
  );
};
