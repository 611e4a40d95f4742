import { Link } from 'wouter';
import { useExports } from '../api/use-exports.ts';
import { ExportList } from '../parts/export-list.tsx';
import { LoadMore } from '../parts/load-more.tsx';
import { EmptyNotice, ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';

export const ExportsPage = () => {
  const query = useExports();
  const exports = query.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <>
      <PageHead
        title="Exports"
        up={{ href: '/runs', label: 'Runs' }}
        about="Files made of what is recorded, kept for seven days. A batch, the runs and the study have a button that makes one."
      />
      <div className="stack">
        {query.isPending && <Loading />}
        {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
        {query.isSuccess && exports.length === 0 && (
          <EmptyNotice title="No exports">
            <p>
              Choose among the <Link href="/runs">runs</Link> and export them.
            </p>
          </EmptyNotice>
        )}
        {exports.length > 0 && <ExportList exports={exports} />}
        <LoadMore query={query} />
      </div>
    </>
  );
};
