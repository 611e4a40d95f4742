import { useEffect, useRef, useState } from 'react';
import type { ProviderInfo } from '../../src/contract/provider-info.ts';
import { useEarlierRuns } from '../api/use-inferences.ts';
import { useHasScope } from '../api/use-session.ts';
import { useProviders } from '../api/use-settings.ts';
import { emptyParameters, type ParameterFaults, readParameters } from '../format/parameter-draft.ts';
import {
  draftOfRuns,
  maxColumns,
  messagesOf,
  type PlayDraft,
  type PlayTarget,
} from '../format/play-draft.ts';
import { Icon } from '../parts/icon.tsx';
import { choiceOf, firstChoice, type ModelChoice } from '../parts/model-select.tsx';
import { EmptyNotice, ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PlayColumn } from '../parts/play-column.tsx';
import { PlayForm } from '../parts/play-form.tsx';
import { PlayHistory } from '../parts/play-history.tsx';
import { useAddress } from '../parts/use-address.ts';
import { usePlayground } from '../parts/use-playground.ts';

const newColumn = (choice: ModelChoice): PlayTarget => ({ ...choice, key: crypto.randomUUID() });

const firstDraft = (providers: readonly ProviderInfo[]): PlayDraft => ({
  system: '',
  before: [],
  prompt: '',
  parameters: emptyParameters,
  preprocessing: null,
  columns: providers.slice(0, 2).map(choiceOf).map(newColumn),
});

const Playground = ({ providers }: { providers: readonly ProviderInfo[] }) => {
  const { search, change: changeAddress } = useAddress();
  const [draft, setDraft] = useState(() => firstDraft(providers));
  const [faults, setFaults] = useState<ParameterFaults>({});
  /** The round that is being asked here; what others the address names are read. */
  const [ownRound, setOwnRound] = useState<string | null>(null);
  const { states, ask, restore, stop, isAsking } = usePlayground();
  const mayAsk = useHasScope('inference:write');
  const source = { round: search.get('round'), run: search.get('run') };
  const isOwn = source.round !== null && source.round === ownRound;
  const earlier = useEarlierRuns(source, !isOwn);
  const shown = useRef<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what has been read anew is taken over
  useEffect(() => {
    if (earlier.data === undefined || isOwn) return;
    const name = source.round ?? source.run;
    if (shown.current !== name && earlier.data.length > 0) {
      setDraft((before) => ({ ...before, ...draftOfRuns(earlier.data) }));
      window.scrollTo({ top: 0 });
    }
    shown.current = name;
    restore(earlier.data);
    setOwnRound(null);
  }, [earlier.data, isOwn]);

  const change = (part: Partial<PlayDraft>) => setDraft((before) => ({ ...before, ...part }));
  const canAsk = mayAsk && !isAsking && draft.prompt.trim() !== '';
  const submit = () => {
    if (!canAsk) return;
    const { parameters, faults: wrong } = readParameters(draft.parameters);
    setFaults(wrong);
    if (parameters === null) return;
    const { preprocessing } = draft;
    const round = ask(draft.columns, {
      messages: messagesOf(draft),
      parameters,
      ...(preprocessing !== null && { preprocessing }),
    });
    setOwnRound(round);
    changeAddress({ round, run: undefined });
  };
  const questionBytes = new Blob(messagesOf(draft).map(({ content }) => content)).size;
  return (
    <div className="stack">
      {earlier.isLoading && <Loading rows={2} />}
      {earlier.isError && <ErrorNotice error={earlier.error} />}
      {earlier.data?.length === 0 && <EmptyNotice title="Nothing was asked under this address" />}
      <PlayForm draft={draft} faults={faults} onChange={change} onAsk={submit}>
        {isAsking ? (
          <button type="button" className="button button-danger" onClick={stop}>
            Stop
          </button>
        ) : (
          <button type="submit" className="button button-primary" disabled={!canAsk}>
            Ask {draft.columns.length === 1 ? 'one model' : `${draft.columns.length} models`}
          </button>
        )}
        <button
          type="button"
          className="button"
          disabled={draft.columns.length >= maxColumns || isAsking}
          onClick={() => change({ columns: [...draft.columns, newColumn(firstChoice(providers))] })}
        >
          <Icon name="plus" />
          Add a model
        </button>
        {!mayAsk && <span className="quiet small">Asking needs the scope inference:write.</span>}
      </PlayForm>
      <div className="play">
        {draft.columns.map((column, index) => (
          <PlayColumn
            key={column.key}
            number={index + 1}
            choice={column}
            state={states[column.key] ?? { kind: 'idle' }}
            questionBytes={questionBytes}
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
      <PlayHistory />
    </div>
  );
};

export const PlaygroundPage = () => {
  const providers = useProviders();
  return (
    <>
      <PageHead
        title="Playground"
        about="One question, up to six models side by side. Every answer is recorded."
      />
      {providers.isPending && <Loading />}
      {providers.isError && <ErrorNotice error={providers.error} onRetry={() => void providers.refetch()} />}
      {providers.data?.length === 0 && <EmptyNotice title="No provider is configured" />}
      {providers.data && providers.data.length > 0 && <Playground providers={providers.data} />}
    </>
  );
};
