import { Link } from 'wouter';
import { EmptyNotice } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';

export const NotFoundPage = () => (
  <>
    <PageHead title="Nothing here" />
    <EmptyNotice title="There is no page at this address.">
      <p>
        It may have been mistyped. <Link href="/batches">Go to the batches</Link>.
      </p>
    </EmptyNotice>
  </>
);
