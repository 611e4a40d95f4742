import type { MeaningState } from '../../src/contract/meaning.ts';
import { formatUnit } from '../format/format-values.ts';

const textOf = ({ status, pending, refused }: MeaningState): string | null => {
  if (status === 'not_configured')
    return 'Search by meaning is not configured: the app has no embedding model.';
  const parts = [
    ...(status === 'indexing'
      ? [`Still indexing ${formatUnit(pending, 'prompt')}: search by meaning does not find them yet.`]
      : []),
    ...(refused ? [`${formatUnit(refused, 'prompt')} the embedding model refuses.`] : []),
  ];
  return parts.length === 0 ? null : parts.join(' ');
};

/** Says how far search by meaning can be relied on, where that is less than all the way. */
export const MeaningNote = ({ meaning }: { meaning: MeaningState }) => {
  const text = textOf(meaning);
  return text === null ? null : (
    <p className="quiet small" role="status">
      {text}
    </p>
  );
};
