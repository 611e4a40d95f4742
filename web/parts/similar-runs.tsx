import { useSimilar } from '../api/use-search.ts';
import { formatUnit } from '../format/format-values.ts';
import { MeaningNote } from './meaning-note.tsx';
import { ErrorNotice, Loading } from './notices.tsx';
import { RunHit } from './search-hits.tsx';

const repeatNote = (isRepeat: boolean, repeatCount: number): string | undefined => {
  if (isRepeat) return `the same prompt, asked ${formatUnit(repeatCount, 'other time')}`;
  return repeatCount > 1 ? `asked ${formatUnit(repeatCount, 'time')}` : undefined;
};

/** Runs like one: the same prompt asked again, then those that mean about the same. */
export const SimilarRuns = ({ id }: { id: string }) => {
  const query = useSimilar(id);
  const hits = query.data?.data ?? [];
  return (
    <section className="card" aria-labelledby="similar">
      <h2 id="similar">Runs like this one</h2>
      {query.isPending && <Loading rows={3} />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && (
        <>
          {query.data.refusal !== null && (
            <p className="quiet">The embedding model refuses this prompt: {query.data.refusal}</p>
          )}
          {hits.length === 0 && <p className="quiet">None is known.</p>}
          {hits.length > 0 && (
            <ol className="hits">
              {hits.map(({ inference, similarity, isRepeat, repeatCount }) => (
                <RunHit
                  key={inference.id}
                  run={inference}
                  similarity={similarity}
                  note={repeatNote(isRepeat, repeatCount)}
                />
              ))}
            </ol>
          )}
          <MeaningNote meaning={query.data.meaning} />
        </>
      )}
    </section>
  );
};
