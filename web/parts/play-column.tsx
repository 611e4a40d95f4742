import { Link } from 'wouter';
import type { Inference } from '../../src/contract/inference.ts';
import type { ProviderInfo } from '../../src/contract/provider-info.ts';
import { formatCount, formatDuration, formatUsd } from '../format/format-values.ts';
import { OutcomeBadge } from './badges.tsx';
import { CopyButton } from './copy-button.tsx';
import { Icon } from './icon.tsx';
import { type ModelChoice, ModelSelect } from './model-select.tsx';
import { ErrorNotice } from './notices.tsx';

/** How far one column has come. */
export type PlayState =
  | { kind: 'idle' }
  | { kind: 'asking'; text: string; id: string | null }
  | { kind: 'answered'; run: Inference }
  | { kind: 'failed'; error: unknown; text: string };

type PlayColumnProps = {
  number: number;
  choice: ModelChoice;
  state: PlayState;
  providers: readonly ProviderInfo[];
  canRemove: boolean;
  onChoose: (choice: ModelChoice) => void;
  onRemove: () => void;
};

const Answered = ({ run }: { run: Inference }) => (
  <>
    <pre className="said">{run.text ?? run.error?.message ?? 'No text.'}</pre>
    <div className="play-figures">
      <OutcomeBadge outcome={run.outcome} />
      <span>
        {formatCount(run.usage?.inputTokens)} → {formatCount(run.usage?.outputTokens)} tokens
      </span>
      <span>{formatUsd(run.costUsd)}</span>
      <span>{formatDuration(run.latencyMs)}</span>
    </div>
    <div className="row">
      <Link href={`/runs/${run.id}`} className="button button-small">
        Open run
      </Link>
      {run.text !== null && <CopyButton text={run.text} />}
    </div>
  </>
);

/** One provider and model with its answer. */
export const PlayColumn = (props: PlayColumnProps) => {
  const { number, choice, state, providers, canRemove, onChoose, onRemove } = props;
  return (
    <section className="card" aria-label={`Answer ${number}`} aria-busy={state.kind === 'asking'}>
      <div className="play-head">
        <ModelSelect label={`answer ${number}`} providers={providers} value={choice} onChange={onChoose} />
        <button
          type="button"
          className="button button-bare"
          aria-label={`Remove answer ${number}`}
          disabled={!canRemove}
          onClick={onRemove}
        >
          <Icon name="close" />
        </button>
      </div>
      {state.kind === 'idle' && <p className="quiet">Not asked yet.</p>}
      {state.kind === 'asking' &&
        (state.text === '' ? (
          <p className="quiet" role="status">
            Waiting for the first word…
          </p>
        ) : (
          <pre className="said">{state.text}</pre>
        ))}
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
