import { Link } from 'wouter';
import type { Schedule } from '../../src/contract/schedule.ts';
import { useSaveSchedule, useSchedules } from '../api/use-schedules.ts';
import { useHasScope } from '../api/use-session.ts';
import { formatUnit } from '../format/format-values.ts';
import { CheckField } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { LoadMore } from '../parts/load-more.tsx';
import { EmptyNotice, ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { AgoText } from '../parts/time-text.tsx';

const ScheduleRow = ({ schedule, mayWrite }: { schedule: Schedule; mayWrite: boolean }) => {
  const save = useSaveSchedule(schedule.id);
  return (
    <tr>
      <td className="cell-name">
        <Link href={`/schedules/${schedule.id}`}>{schedule.name}</Link>
      </td>
      <td>
        <code>{schedule.cron}</code>
        <br />
        <span className="quiet small">{schedule.timeZone}</span>
      </td>
      <td>
        <AgoText at={schedule.nextFireAt} />
      </td>
      <td className="wide-only">{formatUnit(schedule.batch.items.length, 'question')}</td>
      <td>
        <CheckField
          label={schedule.enabled ? 'on' : 'off'}
          checked={schedule.enabled}
          disabled={!mayWrite || save.isPending}
          onChange={(enabled) => save.mutate({ enabled })}
        />
        {save.isError && <span className="field-fault">{save.error.message}</span>}
      </td>
    </tr>
  );
};

export const SchedulesPage = () => {
  const query = useSchedules();
  const mayWrite = useHasScope('batch:write');
  const schedules = query.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <>
      <PageHead
        title="Schedules"
        about="Batches that start by themselves, at the times of a calendar."
        actions={
          mayWrite && (
            <Link href="/schedules/new" className="button button-primary">
              <Icon name="plus" />
              New schedule
            </Link>
          )
        }
      />
      {query.isPending && <Loading />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && schedules.length === 0 && (
        <EmptyNotice title="No schedules yet">
          {mayWrite && (
            <p>
              <Link href="/schedules/new">Make one</Link>, and a batch starts every night.
            </p>
          )}
        </EmptyNotice>
      )}
      {schedules.length > 0 && (
        <div className="table-box">
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">When</th>
                <th scope="col">Next</th>
                <th scope="col" className="wide-only">
                  Batch
                </th>
                <th scope="col">Enabled</th>
              </tr>
            </thead>
            <tbody>
              {schedules.map((schedule) => (
                <ScheduleRow key={schedule.id} schedule={schedule} mayWrite={mayWrite} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <LoadMore query={query} />
    </>
  );
};
