import { useMutation } from '@tanstack/react-query';
import { Link, useLocation } from 'wouter';
import type { InferenceDetail } from '../../src/contract/inference.ts';
import { askInference, useInference } from '../api/use-inferences.ts';
import { useHasScope } from '../api/use-session.ts';
import { formatCount, formatDuration, formatUsd, formatWord, unknown } from '../format/format-values.ts';
import { AttemptTimeline } from '../parts/attempt-timeline.tsx';
import { OutcomeBadge } from '../parts/badges.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Icon } from '../parts/icon.tsx';
import { LongText } from '../parts/long-text.tsx';
import { MessageList } from '../parts/message-list.tsx';
import { ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { SimilarRuns } from '../parts/similar-runs.tsx';
import { FactList, StatTiles } from '../parts/stat-list.tsx';
import { TimeText } from '../parts/time-text.tsx';

const up = { href: '/runs', label: 'Runs' };

const RunActions = ({ run }: { run: InferenceDetail }) => {
  const [, navigate] = useLocation();
  const mayAsk = useHasScope('inference:write');
  const again = useMutation({
    mutationFn: () =>
      askInference({
        provider: run.provider,
        model: run.model,
        messages: run.originalMessages ?? run.messages,
        parameters: run.parameters,
        ...(run.preprocessing !== null && { preprocessing: run.preprocessing }),
        metadata: run.metadata,
      }),
    onSuccess: ({ id }) => navigate(`/runs/${id}`),
  });
  return (
    <>
      {run.traceUrl !== null && (
        <a className="button" href={run.traceUrl} target="_blank" rel="noreferrer">
          Trace
          <Icon name="external" />
        </a>
      )}
      {mayAsk && (
        <>
          <Link className="button" href={`/playground?run=${run.id}`}>
            Open in playground
          </Link>
          <button
            type="button"
            className="button button-primary"
            disabled={again.isPending}
            onClick={() => again.mutate()}
          >
            {again.isPending ? 'Asking…' : 'Ask again'}
          </button>
        </>
      )}
      {again.isError && <ErrorNotice error={again.error} />}
    </>
  );
};

const Answer = ({ run }: { run: InferenceDetail }) => (
  <section className="card" aria-labelledby="answer">
    <div className="card-head">
      <h2 id="answer">Answer</h2>
      {run.text !== null && <CopyButton text={run.text} />}
    </div>
    {run.text === null ? (
      <p className="quiet">{run.status === 'sending' ? 'On its way…' : 'There is none.'}</p>
    ) : (
      <div className="message message-answer">
        <LongText text={run.text} />
      </div>
    )}
    {run.error !== null && (
      <p>
        <code>{run.error.code}</code> {run.error.message}
      </p>
    )}
    {run.contentFilter !== null && <pre className="raw">{JSON.stringify(run.contentFilter, null, 2)}</pre>}
  </section>
);

const factsOf = (run: InferenceDetail) => {
  const parameters = Object.entries(run.parameters).map(
    ([name, value]) => `${name} ${JSON.stringify(value)}`,
  );
  return [
    { label: 'Provider and model', value: `${run.provider}/${run.model}` },
    { label: 'Served model', value: run.servedModel ?? unknown },
    { label: 'Finish reason', value: run.finishReason ?? unknown },
    { label: 'Parameters', value: parameters.length === 0 ? 'left to the provider' : parameters.join(', ') },
    ...(run.omittedParameters === null
      ? []
      : [{ label: 'Left out: the model refuses', value: run.omittedParameters.join(', ') }]),
    { label: 'Asked', value: <TimeText at={run.createdAt} /> },
    { label: 'Settled', value: <TimeText at={run.settledAt} /> },
    ...(run.batchId === null
      ? []
      : [{ label: 'Batch', value: <Link href={`/batches/${run.batchId}`}>{run.batchId}</Link> }]),
    { label: 'System fingerprint', value: run.systemFingerprint ?? unknown },
    { label: 'Request', value: run.requestId ?? unknown },
    { label: 'Provider’s request', value: run.providerRequestId ?? unknown },
    { label: 'Trace', value: run.traceId ?? 'not traced' },
    { label: 'Id', value: <code>{run.id}</code> },
  ];
};

const RunView = ({ run }: { run: InferenceDetail }) => {
  const { usage } = run;
  const metadata = Object.entries(run.metadata);
  return (
    <div className="stack">
      <StatTiles
        stats={[
          {
            label: 'Latency',
            value: formatDuration(run.latencyMs),
            note:
              run.firstTokenMs === null
                ? 'from question to answer'
                : `first word after ${formatDuration(run.firstTokenMs)}`,
          },
          {
            label: 'Cost',
            value: formatUsd(run.costUsd),
            note: run.costUsd === null ? 'price or usage unknown' : 'USD, all calls',
          },
          {
            label: 'Input tokens',
            value: formatCount(usage?.inputTokens),
            note: `${formatCount(usage?.cachedInputTokens)} from the cache`,
          },
          {
            label: 'Output tokens',
            value: formatCount(usage?.outputTokens),
            note: usage?.estimated
              ? 'estimated by us'
              : `${formatCount(usage?.reasoningTokens)} for reasoning`,
          },
          { label: 'Calls', value: formatCount(run.attemptCount), note: 'to the provider' },
        ]}
      />
      <section className="card" aria-labelledby="question">
        <h2 id="question">Question</h2>
        <MessageList messages={run.messages} />
        {run.originalMessages !== null && (
          <details>
            <summary>As the caller gave it</summary>
            <MessageList messages={run.originalMessages} />
          </details>
        )}
      </section>
      <Answer run={run} />
      {run.attempts.length > 0 && (
        <section className="card" aria-labelledby="attempts">
          <h2 id="attempts">Calls to the provider</h2>
          <AttemptTimeline run={run} />
        </section>
      )}
      <section className="card" aria-labelledby="facts">
        <h2 id="facts">Record</h2>
        <FactList facts={factsOf(run)} />
        {metadata.length > 0 && (
          <div className="chips">
            {metadata.map(([key, value]) => (
              <Link
                key={key}
                className="chip"
                href={`/runs?${new URLSearchParams({ metadata: `${key}:${value}` })}`}
              >
                {key}: {String(value)}
              </Link>
            ))}
          </div>
        )}
      </section>
      {run.status === 'settled' && <SimilarRuns id={run.id} />}
      <details className="card">
        <summary>Raw answer of the provider</summary>
        <pre className="raw">
          {run.rawAnswer === null ? 'None was kept.' : JSON.stringify(run.rawAnswer, null, 2)}
        </pre>
      </details>
    </div>
  );
};

export const RunPage = ({ id }: { id: string }) => {
  const query = useInference(id);
  const run = query.data;
  return (
    <>
      <PageHead
        title={run === undefined ? 'Run' : `Run ${id.slice(-8)}`}
        up={up}
        badge={
          run && (
            <>
              <OutcomeBadge outcome={run.outcome} />
              {run.detail !== null && <span className="quiet">{formatWord(run.detail)}</span>}
            </>
          )
        }
        actions={run && <RunActions run={run} />}
      />
      {query.isPending && <Loading />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {run && <RunView run={run} />}
    </>
  );
};
