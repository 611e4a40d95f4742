// A long page: its form, its columns and its history share one state.
import { type FormEvent, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { Inference, Message } from '../../src/contract/inference.ts';
import type { ProviderInfo } from '../../src/contract/provider-info.ts';
import { useInference, useInferences } from '../api/use-inferences.ts';
import { useProviders } from '../api/use-settings.ts';
import {
  draftParameters,
  emptyParameters,
  groupRounds,
  type ParameterDraft,
  playgroundFilter,
  type Round,
  readParameters,
} from '../format/playground-rounds.ts';
import { Field } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { choiceOf, firstChoice, type ModelChoice } from '../parts/model-select.tsx';
import { EmptyNotice, ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PlayColumn } from '../parts/play-column.tsx';
import { AgoText } from '../parts/time-text.tsx';
import { type PlayTarget, usePlayground } from '../parts/use-playground.ts';

const maxColumns = 6;
const newColumn = (choice: ModelChoice): PlayTarget => ({ ...choice, key: crypto.randomUUID() });

type PlayDraft = { system: string; prompt: string; parameters: ParameterDraft; columns: PlayTarget[] };

const firstDraft = (providers: readonly ProviderInfo[]): PlayDraft => ({
  system: '',
  prompt: '',
  parameters: emptyParameters,
  columns: providers.slice(0, 2).map(choiceOf).map(newColumn),
});

/** The same question to the same models. */
const draftOfRuns = (runs: readonly Inference[]): Partial<PlayDraft> => {
  const [first] = runs;
  if (first === undefined) return {};
  const messages = first.originalMessages ?? first.messages;
  const textOf = (role: Message['role']) =>
    messages
      .filter((message) => message.role === role)
      .map(({ content }) => content)
      .join('\n\n');
  return {
    system: textOf('system'),
    prompt: textOf('user'),
    parameters: draftParameters(first.parameters),
    columns: runs.slice(0, maxColumns).map(({ provider, model }) => newColumn({ provider, model })),
  };
};

const History = ({ onUse }: { onUse: (round: Round) => void }) => {
  const query = useInferences(playgroundFilter, 60);
  const rounds = groupRounds(query.data?.pages.flatMap(({ data }) => data) ?? []).slice(0, 15);
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
          <li key={round.round}>
            <span className="quiet small">
              <AgoText at={round.runs[0]?.createdAt ?? null} />
            </span>
            <span className="cut">
              {round.runs[0]?.messages.findLast(({ role }) => role === 'user')?.content.slice(0, 200)}
              <br />
              <span className="quiet small">
                {round.runs.map(({ id, model }, index) => (
                  <span key={id}>
                    {index > 0 && ', '}
                    <Link href={`/runs/${id}`}>{model}</Link>
                  </span>
                ))}
              </span>
            </span>
            <button type="button" className="button button-small" onClick={() => onUse(round)}>
              Use again
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
};

const ParameterFields = ({
  value,
  onChange,
}: {
  value: ParameterDraft;
  onChange: (value: ParameterDraft) => void;
}) => {
  const input = (name: keyof ParameterDraft, label: string) => (
    <Field label={label}>
      {(control) => (
        <input
          {...control}
          inputMode="decimal"
          placeholder="default"
          value={value[name]}
          onChange={({ target }) => onChange({ ...value, [name]: target.value })}
        />
      )}
    </Field>
  );
  return (
    <div className="fields">
      {input('temperature', 'Temperature')}
      {input('maxOutputTokens', 'Output tokens at most')}
      {input('topP', 'Top p')}
      {input('seed', 'Seed')}
    </div>
  );
};

const Playground = ({
  providers,
  source,
}: {
  providers: readonly ProviderInfo[];
  source: Inference | undefined;
}) => {
  const [draft, setDraft] = useState<PlayDraft>(() => ({
    ...firstDraft(providers),
    ...(source && draftOfRuns([source])),
  }));
  const { states, ask, stop, isAsking } = usePlayground();
  const change = (part: Partial<PlayDraft>) => setDraft((before) => ({ ...before, ...part }));
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (draft.prompt.trim() === '' || isAsking) return;
    const system: Message[] = draft.system.trim() === '' ? [] : [{ role: 'system', content: draft.system }];
    void ask(draft.columns, {
      messages: [...system, { role: 'user', content: draft.prompt }],
      parameters: readParameters(draft.parameters),
    });
  };
  return (
    <div className="stack">
      <form className="card" onSubmit={submit}>
        <Field label="Question" hint="Ctrl + Enter asks" wide>
          {(control) => (
            <textarea
              {...control}
              rows={4}
              value={draft.prompt}
              onChange={({ target }) => change({ prompt: target.value })}
              onKeyDown={(event) => {
                if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit();
              }}
            />
          )}
        </Field>
        <details open={draft.system !== '' || undefined}>
          <summary>System message and parameters</summary>
          <div className="stack">
            <Field label="System message" wide>
              {(control) => (
                <textarea
                  {...control}
                  rows={2}
                  value={draft.system}
                  onChange={({ target }) => change({ system: target.value })}
                />
              )}
            </Field>
            <ParameterFields value={draft.parameters} onChange={(parameters) => change({ parameters })} />
          </div>
        </details>
        <div className="row">
          {isAsking ? (
            <button type="button" className="button button-danger" onClick={stop}>
              Stop
            </button>
          ) : (
            <button type="submit" className="button button-primary" disabled={draft.prompt.trim() === ''}>
              Ask {draft.columns.length === 1 ? 'one model' : `${draft.columns.length} models`}
            </button>
          )}
          <button
            type="button"
            className="button"
            disabled={draft.columns.length >= maxColumns}
            onClick={() => change({ columns: [...draft.columns, newColumn(firstChoice(providers))] })}
          >
            <Icon name="plus" />
            Add a model
          </button>
        </div>
      </form>
      <div className="play">
        {draft.columns.map((column, index) => (
          <PlayColumn
            key={column.key}
            number={index + 1}
            choice={column}
            state={states[column.key] ?? { kind: 'idle' }}
            providers={providers}
            canRemove={draft.columns.length > 1}
            onChoose={(choice) =>
              change({
                columns: draft.columns.map((each) => (each === column ? { ...each, ...choice } : each)),
              })
            }
            onRemove={() => change({ columns: draft.columns.filter((each) => each !== column) })}
          />
        ))}
      </div>
      <History
        onUse={({ runs }) => {
          change(draftOfRuns(runs));
          window.scrollTo({ top: 0 });
        }}
      />
    </div>
  );
};

const FromRun = ({ id, providers }: { id: string; providers: readonly ProviderInfo[] }) => {
  const run = useInference(id);
  if (run.isPending) return <Loading />;
  if (run.isError) return <ErrorNotice error={run.error} />;
  return <Playground providers={providers} source={run.data} />;
};

export const PlaygroundPage = () => {
  const providers = useProviders();
  const [search] = useSearchParams();
  const runId = search.get('run');
  return (
    <>
      <PageHead
        title="Playground"
        about="One question, up to six models side by side. Every answer is recorded."
      />
      {providers.isPending && <Loading />}
      {providers.isError && <ErrorNotice error={providers.error} onRetry={() => void providers.refetch()} />}
      {providers.data?.length === 0 && <EmptyNotice title="No provider is configured" />}
      {providers.data &&
        providers.data.length > 0 &&
        (runId === null ? (
          <Playground providers={providers.data} source={undefined} />
        ) : (
          <FromRun key={runId} id={runId} providers={providers.data} />
        ))}
    </>
  );
};
