import { useQuery } from '@tanstack/react-query';
import { BatchPage } from '../../src/contract/batch.ts';
import { getJson } from './http-client.ts';

const mostNames = 200;

/** Words for a batch that figures know by its id: the names of the newest, the end of its id for others. */
export const useBatchNames = (enabled: boolean): ((id: string) => string) => {
  const { data } = useQuery({
    queryKey: ['batch-names'],
    queryFn: ({ signal }) => getJson(BatchPage, '/api/v1/batches', { limit: mostNames }, signal),
    enabled,
  });
  return (id) => data?.data.find((batch) => batch.id === id)?.name ?? `Batch ${id.slice(-8)}`;
};
