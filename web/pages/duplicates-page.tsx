import { Link } from 'wouter';
import { type DuplicateGroup, DuplicatesQuery } from '../../src/contract/search.ts';
import { useDuplicates } from '../api/use-search.ts';
import { excerpt } from '../format/excerpt.ts';
import { formatCount, formatShare, formatUnit } from '../format/format-values.ts';
import { readFilter } from '../format/run-filter.ts';
import { ChoiceField } from '../parts/choice-field.tsx';
import { MeaningNote } from '../parts/meaning-note.tsx';
import { EmptyNotice, ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { RunFilters } from '../parts/run-filters.tsx';
import { useAddress } from '../parts/use-address.ts';

const usualThreshold = '0.95';
const thresholds = { '0.99': '99 %', '0.95': '95 %', '0.9': '90 %', '0.8': '80 %', '0.7': '70 %' } as const;

const Group = ({ group }: { group: DuplicateGroup }) => (
  <li className="hit">
    <div className="hit-head">
      <strong className="breaks">{excerpt(group.example)}</strong>
      <span className="hit-share">
        {formatShare(group.similarity, 1)} <span className="quiet small">similar</span>
      </span>
    </div>
    <div className="hit-facts">
      <span>{formatUnit(group.size, 'prompt')}</span>
      {group.inferenceIds.map((id) => (
        <Link key={id} href={`/runs/${id}`}>
          Run {id.slice(-8)}
        </Link>
      ))}
      {group.size > group.inferenceIds.length && (
        <span>and {formatCount(group.size - group.inferenceIds.length)} more</span>
      )}
    </div>
  </li>
);

const Groups = ({ query }: { query: ReturnType<typeof useDuplicates> }) => {
  if (query.isPending) return <Loading />;
  if (query.isError) return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />;
  const { data: groups, omittedGroupCount, examinedCount, isComplete, meaning } = query.data;
  return (
    <>
      {groups.length === 0 ? (
        <EmptyNotice title="No prompts are so much alike" />
      ) : (
        <ol className="hits" aria-label="Groups of prompts">
          {groups.map((group) => (
            <Group key={group.inferenceIds[0] ?? group.example} group={group} />
          ))}
        </ol>
      )}
      <p className="quiet small" role="status">
        {isComplete
          ? `${formatUnit(examinedCount, 'prompt')} compared with each other.`
          : `The newest ${formatUnit(examinedCount, 'prompt')} compared with each other; there are more.`}
        {omittedGroupCount > 0 && ` ${formatUnit(omittedGroupCount, 'smaller group')} left out.`}
      </p>
      <MeaningNote meaning={meaning} />
    </>
  );
};

export const DuplicatesPage = () => {
  const { search, change } = useAddress();
  const { filter, faults } = readFilter(search);
  const given = DuplicatesQuery.shape.threshold.safeParse(search.get('threshold') ?? usualThreshold);
  const threshold = given.success ? given.data : Number(usualThreshold);
  const name = String(threshold);
  return (
    <>
      <PageHead
        title="Near-duplicates"
        up={{ href: '/runs', label: 'Runs' }}
        about="Prompts that differ in words and mean about the same. A file of questions that holds many tells less than it seems."
      />
      <div className="stack">
        <RunFilters search={search} faults={faults} onChange={change} />
        <div className="fields">
          <ChoiceField
            label="Alike from"
            value={name}
            choices={{ ...(!(name in thresholds) && { [name]: formatShare(threshold, 1) }), ...thresholds }}
            onChange={(next) => change({ threshold: next === usualThreshold ? '' : next })}
          />
        </div>
        <Groups query={useDuplicates(filter, threshold)} />
      </div>
    </>
  );
};
