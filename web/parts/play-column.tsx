import { Link } from 'wouter';
import type { Inference } from '../../src/contract/inference.ts';
import type { ProviderInfo } from '../../src/contract/provider-info.ts';
import { formatCount, formatDuration, formatUsd, formatWord } from '../format/format-values.ts';
import { OutcomeBadge } from './badges.tsx';
import { CopyButton } from './copy-button.tsx';
import { Icon } from './icon.tsx';
import { LiveFigures } from './live-figures.tsx';
import { LongText } from './long-text.tsx';
import { type ModelChoice, ModelSelect } from './model-select.tsx';
import { ErrorNotice } from './notices.tsx';
import type { Asking, PlayState } from './use-playground.ts';

type PlayColumnProps = {
  number: number;
  choice: ModelChoice;
  state: PlayState;
  /** UTF-8 bytes of the question. */
  questionBytes: number;
  providers: readonly ProviderInfo[];
  canRemove: boolean;
  onChoose: (choice: ModelChoice) => void;
  onRemove: () => void;
};

const Answered = ({ run }: { run: Inference }) => (
  <>
    {run.text !== null && <LongText text={run.text} />}
    {run.text === null && <p className="quiet">{run.error?.message ?? 'There is no text.'}</p>}
    <div className="play-figures">
      <OutcomeBadge outcome={run.outcome} />
      {run.detail !== null && run.detail !== run.outcome && <span>{formatWord(run.detail)}</span>}
      <span>
        {formatCount(run.usage?.inputTokens)} → {formatCount(run.usage?.outputTokens)} tokens
      </span>
      <span>{formatUsd(run.costUsd)}</span>
      <span>{formatDuration(run.latencyMs)}</span>
      {run.firstTokenMs !== null && <span>first word after {formatDuration(run.firstTokenMs)}</span>}
    </div>
    <div className="row">
      <Link href={`/runs/${run.id}`} className="button button-small">
        Open run
      </Link>
      {run.text !== null && <CopyButton text={run.text} />}
    </div>
  </>
);

type UnderWayProps = { state: Asking; choice: ModelChoice; questionBytes: number };

const UnderWay = ({ state, choice, questionBytes }: UnderWayProps) => (
  <>
    {state.text === '' ? (
      <p className="quiet" role="status">
        Waiting for the first word…
      </p>
    ) : (
      <pre className="said">{state.text}</pre>
    )}
    <LiveFigures state={state} choice={choice} questionBytes={questionBytes} />
  </>
);

/** One provider and model with its answer. */
export const PlayColumn = (props: PlayColumnProps) => {
  const { number, choice, state, questionBytes, providers, canRemove, onChoose, onRemove } = props;
  const isAsking = state.kind === 'asking';
  return (
    <section className="card" aria-label={`Answer ${number}`} aria-busy={isAsking}>
      <div className="play-head">
        <ModelSelect
          label={`answer ${number}`}
          providers={providers}
          value={choice}
          onChange={onChoose}
          disabled={isAsking}
        />
        <button
          type="button"
          className="button button-bare"
          aria-label={`Remove answer ${number}`}
          disabled={!canRemove || isAsking}
          onClick={onRemove}
        >
          <Icon name="close" />
        </button>
      </div>
      {state.kind === 'idle' && <p className="quiet">Not asked yet.</p>}
      {isAsking && <UnderWay state={state} choice={choice} questionBytes={questionBytes} />}
      {state.kind === 'answered' && <Answered run={state.run} />}
      {state.kind === 'failed' && (
        <>
          {state.text !== '' && <pre className="said">{state.text}</pre>}
          <ErrorNotice error={state.error} />
        </>
      )}
    </section>
  );
};
