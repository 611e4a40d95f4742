import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { type CreateExport, Export, ExportPage } from '../../src/contract/export.ts';
import { downloadExport } from './export-file.ts';
import { getJson, send, sendJson } from './http-client.ts';

const path = '/api/v1/exports';
const listKey = ['exports'];
const pollMs = 1000;
const idlePollMs = 15_000;

/** Earlier exports, newest first; those that are being made keep themselves up to date. */
export const useExports = () =>
  useInfiniteQuery({
    queryKey: listKey,
    queryFn: ({ pageParam, signal }) => getJson(ExportPage, path, { cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ data }) => data.some(({ status }) => status === 'running'))
        ? pollMs
        : idlePollMs,
  });

export const useDeleteExport = () => {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => send('DELETE', `${path}/${id}`),
    onSettled: () => queryClient.invalidateQueries({ queryKey: listKey }),
  });
};

export const useDownloadExport = () => {
  const [received, setReceived] = useState(0);
  const download = useMutation({
    mutationFn: (made: Export) => downloadExport(made, setReceived),
    onMutate: () => setReceived(0),
  });
  return { received, ...download };
};

/**
 * Makes a file and hands it to the browser, however long that takes. `made` is the export as it is known by now. Whoever leaves the
 * page no longer waits for it; the export itself goes on.
 */
export const useMakeExport = () => {
  const queryClient = useQueryClient();
  const [made, setMade] = useState<Export | null>(null);
  const [received, setReceived] = useState(0);
  const waiting = useRef<AbortController>(null);
  useEffect(() => () => waiting.current?.abort(), []);
  const make = useMutation({
    mutationFn: async (request: CreateExport) => {
      const controller = new AbortController();
      waiting.current = controller;
      const { signal } = controller;
      let known = await sendJson(Export, 'POST', path, request, { signal });
      setMade(known);
      while (known.status === 'running') {
        await new Promise((resolve) => setTimeout(resolve, pollMs));
        known = await queryClient.fetchQuery({
          queryKey: ['export', known.id],
          queryFn: () => getJson(Export, `${path}/${known.id}`, {}, signal),
          staleTime: 0,
          // What cannot be asked for a moment is made all the same.
          retry: (count) => count < 5 && !signal.aborted,
        });
        setMade(known);
      }
      if (known.status === 'failed') throw new Error(known.error ?? 'The export failed.');
      await downloadExport(known, setReceived, signal);
      return known;
    },
    onMutate: () => {
      setMade(null);
      setReceived(0);
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: listKey }),
  });
  return { made, received, ...make };
};
