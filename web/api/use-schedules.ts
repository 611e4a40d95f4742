import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { z } from 'zod';
import {
  type CreateSchedule,
  Schedule,
  ScheduleFiringList,
  SchedulePage,
  type UpdateSchedule,
} from '../../src/contract/schedule.ts';
import { getJson, send, sendJson } from './http-client.ts';

const path = '/api/v1/schedules';
export type ScheduleRequest = z.input<typeof CreateSchedule>;

export const useSchedules = () =>
  useInfiniteQuery({
    queryKey: ['schedules'],
    queryFn: ({ pageParam, signal }) => getJson(SchedulePage, path, { cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: 30_000,
  });

export const useSchedule = (id: string) =>
  useQuery({
    queryKey: ['schedule', id],
    queryFn: ({ signal }) => getJson(Schedule, `${path}/${id}`, {}, signal),
  });

export const useFirings = (id: string) =>
  useQuery({
    queryKey: ['firings', id],
    queryFn: ({ signal }) => getJson(ScheduleFiringList, `${path}/${id}/firings`, { limit: 100 }, signal),
    refetchInterval: 30_000,
  });

/** Creates without an id, changes with one. */
export const useSaveSchedule = (id: string | null) => {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (schedule: ScheduleRequest | z.input<typeof UpdateSchedule>) =>
      id === null
        ? sendJson(Schedule, 'POST', path, schedule)
        : sendJson(Schedule, 'PATCH', `${path}/${id}`, schedule),
    onSuccess: async (schedule) => {
      queryClient.setQueryData(['schedule', schedule.id], schedule);
      await queryClient.invalidateQueries({ queryKey: ['schedules'] });
    },
  });
};

export const useDeleteSchedule = (id: string) => {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => send('DELETE', `${path}/${id}`),
    // Not only out of date: for a moment the list would still show what is gone.
    onSuccess: () => queryClient.removeQueries({ queryKey: ['schedules'] }),
  });
};
