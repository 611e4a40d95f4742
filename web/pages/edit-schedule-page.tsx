import { type FormEvent, useId, useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { ProviderInfo } from '../../src/contract/provider-info.ts';
import type { Schedule } from '../../src/contract/schedule.ts';
import { useSaveSchedule, useSchedule } from '../api/use-schedules.ts';
import { useProviders } from '../api/use-settings.ts';
import { type DraftFaults, draftOf, newDraft, newTarget, readDraft } from '../format/batch-draft.ts';
import { LimitFields, TargetFields } from '../parts/batch-fields.tsx';
import { CheckField, Field } from '../parts/field.tsx';
import { firstChoice } from '../parts/model-select.tsx';
import { NeedsScope } from '../parts/needs-scope.tsx';
import { ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { type Questions, QuestionsInput, useQuestionReading } from '../parts/questions-input.tsx';
import { UpcomingFirings } from '../parts/upcoming-firings.tsx';

const plan = (schedule: Schedule | null) => ({
  name: schedule?.name ?? '',
  cron: schedule?.cron ?? '30 2 * * MON-FRI',
  timeZone: schedule?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
  overlap: schedule?.overlap ?? ('skip' as const),
  catchUp: schedule?.catchUp ?? ('latest' as const),
  enabled: schedule?.enabled ?? true,
});
type Plan = ReturnType<typeof plan>;

const PlanFields = ({ value, onChange }: { value: Plan; onChange: (value: Plan) => void }) => {
  const zonesId = useId();
  return (
    <fieldset className="card">
      <legend className="hidden-text">Plan</legend>
      <h2>When</h2>
      <div className="fields fields-long">
        <Field label="Name">
          {(control) => (
            <input
              {...control}
              required
              maxLength={200}
              value={value.name}
              onChange={({ target }) => onChange({ ...value, name: target.value })}
            />
          )}
        </Field>
        <Field label="Cron expression" hint="minute, hour, day, month, weekday">
          {(control) => (
            <input
              {...control}
              required
              className="mono"
              value={value.cron}
              onChange={({ target }) => onChange({ ...value, cron: target.value })}
            />
          )}
        </Field>
        <Field label="Time zone">
          {(control) => (
            <input
              {...control}
              required
              list={zonesId}
              value={value.timeZone}
              onChange={({ target }) => onChange({ ...value, timeZone: target.value })}
            />
          )}
        </Field>
        <Field label="While the batch before runs">
          {(control) => (
            <select
              {...control}
              value={value.overlap}
              onChange={({ target }) => onChange({ ...value, overlap: target.value as Plan['overlap'] })}
            >
              <option value="skip">leave the firing out</option>
              <option value="queue">start afterwards</option>
              <option value="allow">start anyway</option>
            </select>
          )}
        </Field>
        <Field label="Of missed firings">
          {(control) => (
            <select
              {...control}
              value={value.catchUp}
              onChange={({ target }) => onChange({ ...value, catchUp: target.value as Plan['catchUp'] })}
            >
              <option value="none">start none</option>
              <option value="latest">start the latest</option>
              <option value="all">start all</option>
            </select>
          )}
        </Field>
      </div>
      <datalist id={zonesId}>
        {['UTC', ...Intl.supportedValuesOf('timeZone')].map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
      <div>
        <h3>Next firings</h3>
        <UpcomingFirings cron={value.cron} timeZone={value.timeZone} />
      </div>
      <CheckField
        label="Enabled"
        checked={value.enabled}
        onChange={(enabled) => onChange({ ...value, enabled })}
      />
    </fieldset>
  );
};

const ScheduleForm = ({
  schedule,
  providers,
}: {
  schedule: Schedule | null;
  providers: readonly ProviderInfo[];
}) => {
  const [, navigate] = useLocation();
  const [value, setValue] = useState(() => plan(schedule));
  const [draft, setDraft] = useState(() =>
    schedule === null ? newDraft([newTarget(firstChoice(providers))]) : draftOf(schedule.batch),
  );
  const [questions, setQuestions] = useState<Questions>(() => ({
    text: schedule?.batch.items.map((item) => JSON.stringify(item)).join('\n') ?? '',
    file: null,
  }));
  const [faults, setFaults] = useState<DraftFaults>({});
  const reading = useQuestionReading(questions);
  const save = useSaveSchedule(schedule?.id ?? null);
  const isReady = reading !== null && reading.items.length > 0 && reading.faults.length === 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { definition, faults: wrong } = readDraft(draft);
    setFaults(wrong);
    if (definition === null || reading === null) return;
    // Members that the form does not show stay as they are.
    const { deadlineMs, metadata } = schedule?.batch ?? {};
    const batch = {
      ...(deadlineMs !== undefined && { deadlineMs }),
      ...(metadata !== undefined && { metadata }),
      ...definition,
      items: reading.items,
    };
    save.mutate({ ...value, batch }, { onSuccess: ({ id }) => navigate(`/schedules/${id}`) });
  };
  return (
    <form className="stack" onSubmit={submit}>
      <PlanFields value={value} onChange={setValue} />
      <QuestionsInput questions={questions} reading={reading} onChange={setQuestions} />
      <TargetFields draft={draft} faults={faults} providers={providers} onChange={setDraft} />
      <LimitFields draft={draft} faults={faults} onChange={setDraft} />
      {save.isError && <ErrorNotice error={save.error} />}
      <div className="row">
        <button type="submit" className="button button-primary" disabled={!isReady || save.isPending}>
          {save.isPending ? 'Saving…' : schedule === null ? 'Create schedule' : 'Save'}
        </button>
        <Link href={schedule === null ? '/schedules' : `/schedules/${schedule.id}`} className="button">
          Leave it
        </Link>
      </div>
    </form>
  );
};

const ExistingSchedule = ({ id, providers }: { id: string; providers: readonly ProviderInfo[] }) => {
  const query = useSchedule(id);
  if (query.isPending) return <Loading />;
  if (query.isError) return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />;
  return <ScheduleForm schedule={query.data} providers={providers} />;
};

export const EditSchedulePage = ({ id }: { id: string | null }) => {
  const providers = useProviders();
  const up =
    id === null
      ? { href: '/schedules', label: 'Schedules' }
      : { href: `/schedules/${id}`, label: 'Schedule' };
  return (
    <>
      <PageHead title={id === null ? 'New schedule' : 'Edit schedule'} up={up} />
      {providers.isPending && <Loading />}
      {providers.isError && <ErrorNotice error={providers.error} onRetry={() => void providers.refetch()} />}
      {providers.data && (
        <NeedsScope scope="batch:write">
          {id === null ? (
            <ScheduleForm schedule={null} providers={providers.data} />
          ) : (
            <ExistingSchedule id={id} providers={providers.data} />
          )}
        </NeedsScope>
      )}
    </>
  );
};
