import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ApiKey, ApiKeyCreated, ApiKeyPage, type CreateApiKey } from '../../src/contract/api-key.ts';
import { Health } from '../../src/contract/health.ts';
import { ProviderList } from '../../src/contract/provider-info.ts';
import { getJson, sendJson } from './http-client.ts';

const keysPath = '/api/v1/keys';

export const useProviders = () =>
  useQuery({
    queryKey: ['providers'],
    queryFn: ({ signal }) => getJson(ProviderList, '/api/v1/providers', {}, signal),
    staleTime: 300_000,
    select: ({ data }) => data,
  });

export const useHealth = () =>
  useQuery({ queryKey: ['health'], queryFn: ({ signal }) => getJson(Health, '/api/health', {}, signal) });

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
