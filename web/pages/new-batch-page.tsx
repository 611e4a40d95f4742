import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { ProviderInfo } from '../../src/contract/provider-info.ts';
import { uploadQuestions } from '../api/question-upload.ts';
import { estimateBatch, startBatch } from '../api/use-batches.ts';
import { useProviders } from '../api/use-settings.ts';
import { type DraftFaults, newDraft, newTarget, readDraft } from '../format/batch-draft.ts';
import { formatShare } from '../format/format-values.ts';
import { LimitFields, TargetFields } from '../parts/batch-fields.tsx';
import { EstimateCard } from '../parts/estimate-card.tsx';
import { firstChoice } from '../parts/model-select.tsx';
import { NeedsScope } from '../parts/needs-scope.tsx';
import { ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { contentOf, type Questions, QuestionsInput, useQuestionReading } from '../parts/questions-input.tsx';

const BatchForm = ({ providers }: { providers: readonly ProviderInfo[] }) => {
  const [, navigate] = useLocation();
  const queryClient = useQueryClient();
  const [draft, setDraft] = useState(() => newDraft([newTarget(firstChoice(providers))]));
  const [questions, setQuestions] = useState<Questions>({ text: '', file: null });
  const [faults, setFaults] = useState<DraftFaults>({});
  const [sentShare, setSentShare] = useState<number | null>(null);
  const reading = useQuestionReading(questions);
  const uploaded = useRef<{ questions: Questions; id: string } | null>(null);

  /** Sent once, however often the rest is changed. */
  const upload = async (): Promise<string> => {
    if (uploaded.current?.questions === questions) return uploaded.current.id;
    try {
      const name = questions.file?.name ?? 'questions.jsonl';
      const id = await uploadQuestions(contentOf(questions), name, setSentShare);
      uploaded.current = { questions, id };
      return id;
    } finally {
      setSentShare(null);
    }
  };

  const estimate = useMutation({
    mutationFn: async () => {
      const { definition, faults: wrong } = readDraft(draft);
      setFaults(wrong);
      if (definition === null) return null;
      const request = { ...definition, uploadId: await upload() };
      return { request, estimate: await estimateBatch(request), idempotencyKey: crypto.randomUUID() };
    },
  });
  const start = useMutation({
    mutationFn: ({ request, idempotencyKey }: NonNullable<typeof estimate.data>) =>
      startBatch(request, idempotencyKey),
    onSuccess: async (batch) => {
      await queryClient.invalidateQueries({ queryKey: ['batches'] });
      navigate(`/batches/${batch.id}`);
    },
  });
  // An estimate of something else is none.
  const { reset } = estimate;
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever changes, it is out of date
  useEffect(reset, [draft, questions, reset]);

  const isReady = reading !== null && reading.items.length > 0 && reading.faults.length === 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) estimate.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <QuestionsInput questions={questions} reading={reading} onChange={setQuestions} />
      <TargetFields draft={draft} faults={faults} providers={providers} onChange={setDraft} />
      <LimitFields draft={draft} faults={faults} onChange={setDraft} withName />
      {estimate.isError && <ErrorNotice error={estimate.error} />}
      {estimate.data && <EstimateCard estimate={estimate.data.estimate} />}
      {start.isError && <ErrorNotice error={start.error} />}
      <div className="row">
        {estimate.data ? (
          <button
            type="button"
            className="button button-primary"
            disabled={start.isPending}
            onClick={() => estimate.data && start.mutate(estimate.data)}
          >
            {start.isPending ? 'Starting…' : 'Start batch'}
          </button>
        ) : (
          <button type="submit" className="button button-primary" disabled={!isReady || estimate.isPending}>
            {estimate.isPending ? 'Estimating…' : 'Estimate cost'}
          </button>
        )}
        <span className="quiet small" role="status">
          {sentShare !== null && `Sent ${formatShare(sentShare, 1)} of the questions`}
          {!estimate.data && !estimate.isPending && 'Nothing is asked before you have seen what it may cost.'}
        </span>
      </div>
    </form>
  );
};

export const NewBatchPage = () => {
  const providers = useProviders();
  return (
    <>
      <PageHead
        title="New batch"
        up={{ href: '/batches', label: 'Batches' }}
        about="Every question goes to every target, as often as there are repetitions."
      />
      {providers.isPending && <Loading />}
      {providers.isError && <ErrorNotice error={providers.error} onRetry={() => void providers.refetch()} />}
      {providers.data && (
        <NeedsScope scope="batch:write">
          <BatchForm providers={providers.data} />
        </NeedsScope>
      )}
    </>
  );
};
