import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ApiKey, ApiKeyCreated, ApiKeyPage, type CreateApiKey } from '../../src/contract/api-key.ts';
import { Health, Readiness } from '../../src/contract/health.ts';
import { ProviderConditions, ProviderList } from '../../src/contract/provider-info.ts';
import { getJson, sendJson } from './http-client.ts';

const keysPath = '/api/v1/keys';

export const useProviders = () =>
  useQuery({
    queryKey: ['providers'],
    queryFn: ({ signal }) => getJson(ProviderList, '/api/v1/providers', {}, signal),
    staleTime: 300_000,
    select: ({ data }) => data,
  });

/** What holds calls to them back, and what became of those of the last hour. */
export const useProviderConditions = (enabled: boolean) =>
  useQuery({
    queryKey: ['provider-conditions'],
    queryFn: ({ signal }) => getJson(ProviderConditions, '/api/v1/providers/health', {}, signal),
    refetchInterval: 15_000,
    select: ({ data }) => data,
    enabled,
  });

export const useHealth = () =>
  useQuery({ queryKey: ['health'], queryFn: ({ signal }) => getJson(Health, '/api/health', {}, signal) });

/** Not ready is an answer as well. */
export const useReadiness = () =>
  useQuery({
    queryKey: ['readiness'],
    queryFn: async ({ signal }) => Readiness.parse(await (await fetch('/api/ready', { signal })).json()),
    refetchInterval: 15_000,
  });

export const useKeys = (enabled: boolean) =>
  useInfiniteQuery({
    queryKey: ['keys'],
    queryFn: ({ pageParam, signal }) => getJson(ApiKeyPage, keysPath, { cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    enabled,
  });

const useKeyMutation = <Input, Output>(mutationFn: (input: Input) => Promise<Output>) => {
  const queryClient = useQueryClient();
  return useMutation({ mutationFn, onSuccess: () => queryClient.invalidateQueries({ queryKey: ['keys'] }) });
};

export const useCreateKey = () =>
  useKeyMutation((key: CreateApiKey) => sendJson(ApiKeyCreated, 'POST', keysPath, key));
export const useRotateKey = () =>
  useKeyMutation(({ id, graceSeconds }: { id: string; graceSeconds: number }) =>
    sendJson(ApiKeyCreated, 'POST', `${keysPath}/${id}/rotate`, { graceSeconds }),
  );
export const useRevokeKey = () =>
  useKeyMutation((id: string) => sendJson(ApiKey, 'POST', `${keysPath}/${id}/revoke`));
