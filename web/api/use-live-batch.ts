import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { BatchDetail } from '../../src/contract/batch.ts';
import { progressEvent } from '../../src/contract/batch-progress-event.ts';
import { batchKey, useBatch } from './use-batches.ts';

/**
 * A batch that keeps itself up to date by the server's events. The browser comes back by itself when a stream ends; until it has,
 * and where it gave up, the batch is asked for every few seconds. The stream ends with the page that follows it.
 */
export const useLiveBatch = (id: string) => {
  const queryClient = useQueryClient();
  const [isStreaming, setIsStreaming] = useState(true);
  const query = useBatch(id, isStreaming ? false : 4000);
  const finished = query.data === undefined ? undefined : query.data.finishedAt !== null;
  useEffect(() => {
    if (finished !== false) return;
    const events = new EventSource(`/api/v1/batches/${id}/events`);
    events.addEventListener(progressEvent, ({ data }) => {
      const batch = BatchDetail.safeParse(JSON.parse(data));
      if (batch.success) queryClient.setQueryData(batchKey(id), batch.data);
    });
    events.onopen = () => setIsStreaming(true);
    events.onerror = () => setIsStreaming(false);
    return () => events.close();
  }, [id, finished, queryClient]);
  return query;
};
