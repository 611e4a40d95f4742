import { Link, useLocation } from 'wouter';
import type { Schedule } from '../../src/contract/schedule.ts';
import { useDeleteSchedule, useFirings, useSaveSchedule, useSchedule } from '../api/use-schedules.ts';
import { useHasScope } from '../api/use-session.ts';
import { formatCount, formatUsd, formatWord } from '../format/format-values.ts';
import { Badge, FiringBadge } from '../parts/badges.tsx';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { EmptyNotice, ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { FactList } from '../parts/stat-list.tsx';
import { AgoText, TimeText } from '../parts/time-text.tsx';
import { UpcomingFirings } from '../parts/upcoming-firings.tsx';

const overlapWords = {
  skip: 'leave the firing out',
  queue: 'start when the batch before is finished',
  allow: 'start anyway',
};
const catchUpWords = { none: 'start none', latest: 'start the latest', all: 'start all' };

const ScheduleActions = ({ schedule }: { schedule: Schedule }) => {
  const [, navigate] = useLocation();
  const save = useSaveSchedule(schedule.id);
  const end = useDeleteSchedule(schedule.id);
  if (!useHasScope('batch:write')) return null;
  return (
    <>
      <button
        type="button"
        className="button"
        disabled={save.isPending}
        onClick={() => save.mutate({ enabled: !schedule.enabled })}
      >
        {schedule.enabled ? 'Switch off' : 'Switch on'}
      </button>
      <Link href={`/schedules/${schedule.id}/edit`} className="button">
        Edit
      </Link>
      <ConfirmButton
        label="Delete"
        question="Delete this schedule? Batches that it has started go on."
        confirm="Delete the schedule"
        disabled={end.isPending}
        onConfirm={() => end.mutate(undefined, { onSuccess: () => navigate('/schedules') })}
      />
      {save.isError && <ErrorNotice error={save.error} />}
      {end.isError && <ErrorNotice error={end.error} />}
    </>
  );
};

const Ledger = ({ id }: { id: string }) => {
  const query = useFirings(id);
  const firings = query.data?.data ?? [];
  return (
    <section className="stack" aria-labelledby="ledger">
      <h2 id="ledger">Firings</h2>
      {query.isPending && <Loading rows={3} />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && firings.length === 0 && <EmptyNotice title="It has not fired yet" />}
      {firings.length > 0 && (
        <div className="table-box">
          <table>
            <thead>
              <tr>
                <th scope="col">Planned</th>
                <th scope="col">What became of it</th>
                <th scope="col">Batch</th>
                <th scope="col" className="wide-only">
                  Decided
                </th>
              </tr>
            </thead>
            <tbody>
              {firings.map((firing) => (
                <tr key={firing.fireTime}>
                  <td>
                    <TimeText at={firing.fireTime} />
                  </td>
                  <td>
                    <FiringBadge status={firing.status} />{' '}
                    {firing.detail !== null && <span className="quiet">{formatWord(firing.detail)}</span>}
                  </td>
                  <td>
                    {firing.batchId === null ? '–' : <Link href={`/batches/${firing.batchId}`}>Open</Link>}
                  </td>
                  <td className="wide-only">
                    <AgoText at={firing.decidedAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
};

const ScheduleView = ({ schedule }: { schedule: Schedule }) => {
  const { batch } = schedule;
  return (
    <div className="stack">
      <section className="card" aria-label="Plan">
        <FactList
          facts={[
            { label: 'Expression', value: <code>{schedule.cron}</code> },
            { label: 'Time zone', value: schedule.timeZone },
            { label: 'Next firing', value: <TimeText at={schedule.nextFireAt} /> },
            { label: 'While the batch before runs', value: overlapWords[schedule.overlap] },
            { label: 'Of missed firings', value: catchUpWords[schedule.catchUp] },
            { label: 'Questions', value: formatCount(batch.items.length) },
            {
              label: 'Asked of',
              value: batch.targets.map(({ provider, model }) => `${provider}/${model ?? '–'}`).join(', '),
            },
            { label: 'Repetitions', value: formatCount(batch.repetitions) },
            {
              label: 'Cost cap',
              value: batch.maxCostUsd === undefined ? 'none' : formatUsd(batch.maxCostUsd),
            },
          ]}
        />
      </section>
      {schedule.enabled && (
        <section className="card" aria-labelledby="upcoming">
          <h2 id="upcoming">Coming up</h2>
          <UpcomingFirings cron={schedule.cron} timeZone={schedule.timeZone} />
        </section>
      )}
      <Ledger id={schedule.id} />
    </div>
  );
};

export const SchedulePage = ({ id }: { id: string }) => {
  const query = useSchedule(id);
  const schedule = query.data;
  return (
    <>
      <PageHead
        title={schedule?.name ?? 'Schedule'}
        up={{ href: '/schedules', label: 'Schedules' }}
        badge={
          schedule && (
            <Badge tone={schedule.enabled ? 'good' : 'quiet'}>{schedule.enabled ? 'on' : 'off'}</Badge>
          )
        }
        actions={schedule && <ScheduleActions schedule={schedule} />}
      />
      {query.isPending && <Loading />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {schedule && <ScheduleView schedule={schedule} />}
    </>
  );
};
