import { Link } from 'wouter';
import { useInferences } from '../api/use-inferences.ts';
import { groupRounds, playgroundFilter, type Round } from '../format/playground-rounds.ts';
import { ErrorNotice, Loading } from './notices.tsx';
import { AgoText } from './time-text.tsx';

const shownRounds = 15;
const shownCharacters = 200;

const RoundLine = ({ round: { round, runs } }: { round: Round }) => {
  const [first] = runs;
  if (first === undefined) return null;
  return (
    <li>
      <span className="quiet small">
        <AgoText at={first.createdAt} />
      </span>
      <span className="cut">
        {first.messages.findLast(({ role }) => role === 'user')?.content.slice(0, shownCharacters)}
        <br />
        <span className="quiet small">
          {runs.map(({ id, model }, index) => (
            <span key={id}>
              {index > 0 && ', '}
              <Link href={`/runs/${id}`}>{model}</Link>
            </span>
          ))}
        </span>
      </span>
      <Link
        className="button button-small"
        href={
          round === null ? `/playground?run=${first.id}` : `/playground?round=${encodeURIComponent(round)}`
        }
      >
        Use again
      </Link>
    </li>
  );
};

/** What was asked here before, each click a line; its answers come back with it. */
export const PlayHistory = () => {
  const query = useInferences(playgroundFilter, 60);
  const rounds = groupRounds(query.data?.pages.flatMap(({ data }) => data) ?? []).slice(0, shownRounds);
  return (
    <section className="card" aria-labelledby="history">
      <div className="card-head">
        <h2 id="history">Asked before</h2>
        <Link href={`/runs?${new URLSearchParams(playgroundFilter)}`}>All of them</Link>
      </div>
      {query.isPending && <Loading rows={3} />}
      {query.isError && <ErrorNotice error={query.error} />}
      {query.isSuccess && rounds.length === 0 && <p className="quiet">Nothing yet.</p>}
      <ul className="history">
        {rounds.map((round) => (
          <RoundLine key={round.runs[0]?.id} round={round} />
        ))}
      </ul>
    </section>
  );
};
