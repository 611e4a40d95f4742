import { Link } from 'wouter';
import type { Inference } from '../../src/contract/inference.ts';
import type { Highlight, SearchHit } from '../../src/contract/search.ts';
import { excerpt, questionOf } from '../format/excerpt.ts';
import { formatCount, formatDuration, formatShare, formatUsd } from '../format/format-values.ts';
import { markText } from '../format/mark-text.ts';
import { OutcomeBadge } from './badges.tsx';
import { AgoText } from './time-text.tsx';

/** A snippet as text, with what matched as marks. */
const Marked = ({ highlight }: { highlight: Highlight }) =>
  markText(highlight).map(({ text, isMarked }, place) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
    isMarked ? <mark key={place}>{text}</mark> : text,
  );

const answerPointer = '/text';

type RunHitProps = {
  run: Inference;
  highlights?: readonly Highlight[];
  /** Cosine; null: found by words. */
  similarity?: number | null;
  /** What else is to be said of it. */
  note?: string | undefined;
};

/** A run in a list of hits: why it was found, what was asked and answered. */
export const RunHit = ({ run, highlights = [], similarity = null, note }: RunHitProps) => {
  const question = highlights.find(({ pointer }) => pointer !== answerPointer);
  const answer = highlights.find(({ pointer }) => pointer === answerPointer);
  return (
    <li className="hit">
      <div className="hit-head">
        <Link href={`/runs/${run.id}`}>{question ? <Marked highlight={question} /> : questionOf(run)}</Link>
        {similarity !== null && (
          <span className="hit-share" title="Cosine of the angle between the prompts’ embeddings">
            {formatShare(similarity, 1)} <span className="quiet small">similar</span>
          </span>
        )}
      </div>
      <p className="quiet small">
        {answer ? <Marked highlight={answer} /> : excerpt(run.text) || run.error?.message}
      </p>
      <div className="hit-facts">
        <OutcomeBadge outcome={run.outcome} />
        <span>
          {run.provider}/{run.model}
        </span>
        <span>{formatUsd(run.costUsd)}</span>
        <span>{formatDuration(run.latencyMs)}</span>
        <AgoText at={run.createdAt} />
        {note && <span>{note}</span>}
      </div>
    </li>
  );
};

const repeatWords = ({ repeatCount }: Pick<SearchHit, 'repeatCount'>) =>
  repeatCount !== null && repeatCount > 1 ? `asked ${formatCount(repeatCount)} times` : undefined;

/** What a search found, best match first. */
export const SearchHits = ({ hits }: { hits: readonly SearchHit[] }) => (
  <ol className="hits" aria-label="Found runs">
    {hits.map((hit) => (
      <RunHit
        key={hit.inference.id}
        run={hit.inference}
        highlights={hit.highlights}
        similarity={hit.similarity}
        note={repeatWords(hit)}
      />
    ))}
  </ol>
);
