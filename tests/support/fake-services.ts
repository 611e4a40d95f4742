import type { Scope } from '../../src/contract/api-key.ts';
import type { InferenceDetail } from '../../src/contract/inference.ts';
import { AppError } from '../../src/errors.ts';
import { type CreateAppOptions, createApp } from '../../src/http/create-app.ts';
import type { AccessService, Principal } from '../../src/services/access/access-service.ts';
import type { AppServices } from '../../src/services/app-services.ts';
import type { BatchService } from '../../src/services/batches/batch-service.ts';
import type { ExportService } from '../../src/services/exports/export-service.ts';
import type { InferenceService } from '../../src/services/inferences/inference-service.ts';
import type { ScheduleService } from '../../src/services/schedules/schedule-service.ts';
import type { SearchService } from '../../src/services/search/search-service.ts';
import type { PriceService, StudyService } from '../../src/services/study/study-service.ts';
import type { TickService } from '../../src/services/tick-service.ts';
import type { UploadService } from '../../src/services/uploads/upload-service.ts';
import { createLogger } from '../../src/telemetry/create-logger.ts';
import { fakeBatches, fakeTicks } from './fake-batches.ts';
import { fakeExports } from './fake-exports.ts';
import { fakeSchedules } from './fake-schedules.ts';
import { fakeSearch } from './fake-search.ts';
import { fakePrices, fakeStudies } from './fake-studies.ts';
import { fakeUploads } from './fake-uploads.ts';

export const knownId = '0198c0de-0000-7000-8000-000000000001';
export const unknownId = '0198c0de-0000-7000-8000-0000000000ff';

const secretOf = (letter: string) => `sq_${letter.repeat(43)}`;
/** One key for each scope, and what is no use. */
export const testKeys = {
  'inference:write': secretOf('i'),
  'batch:write': secretOf('b'),
  'study:read': secretOf('s'),
  admin: secretOf('a'),
  expired: secretOf('e'),
  unknown: secretOf('u'),
} as const;
export const sessionToken = 'session-token-of-the-study-reader';
export const adminSessionToken = 'session-token-of-the-administrator';

export const exampleInference: InferenceDetail = {
  id: knownId,
  status: 'settled',
  outcome: 'ok',
  detail: null,
  provider: 'echo',
  model: 'echo-1',
  servedModel: 'echo-1',
  messages: [{ role: 'user', content: 'hello' }],
  originalMessages: null,
  text: 'hello',
  finishReason: 'stop',
  parameters: {},
  preprocessing: null,
  metadata: {},
  usage: {
    inputTokens: 1,
    cachedInputTokens: null,
    outputTokens: 1,
    reasoningTokens: null,
    estimated: false,
  },
  costUsd: '0.000012',
  priceId: null,
  latencyMs: 5,
  firstTokenMs: null,
  attemptCount: 2,
  error: null,
  contentFilter: null,
  providerRequestId: null,
  systemFingerprint: null,
  omittedParameters: null,
  requestId: null,
  batchId: null,
  traceId: null,
  traceUrl: null,
  createdAt: '2026-01-02T03:04:05.000Z',
  cancelRequestedAt: null,
  settledAt: '2026-01-02T03:04:06.000Z',
  attempts: [],
  rawAnswer: null,
};

const apiKey = {
  id: knownId,
  prefix: 'sq_aaaaaaaa',
  owner: 'owner of admin',
  scopes: ['admin' as const],
  createdAt: '2026-01-02T03:04:05.000Z',
  expiresAt: null,
  revokedAt: null,
  lastUsedAt: null,
  rotatedFrom: null,
};

const principalOf = (kind: Principal['kind'], scope: Scope): Principal => ({
  kind,
  apiKeyId: knownId,
  callerId: knownId,
  owner: `owner of ${scope}`,
  scopes: [scope],
  expiresAt: null,
});

const fakeAccess = (): AccessService => {
  const byKey = new Map<string, Principal>(
    (['inference:write', 'batch:write', 'study:read', 'admin'] as const).map((scope) => [
      testKeys[scope],
      principalOf('api_key', scope),
    ]),
  );
  const bySession = new Map<string, Principal>([
    [sessionToken, principalOf('session', 'study:read')],
    [adminSessionToken, principalOf('session', 'admin')],
  ]);
  const find = (id: string) => {
    if (id !== knownId) throw new AppError('not_found', `There is no key ${id}.`);
    return apiKey;
  };
  return {
    authenticateKey: async (key) => byKey.get(key) ?? null,
    authenticateToken: async () => null,
    authenticateSession: async (token) => bySession.get(token) ?? null,
    openSession: async ({ key = '' }) => {
      const principal = byKey.get(key);
      if (principal === undefined) throw new AppError('unauthenticated', 'The key is unknown.');
      return { token: sessionToken, principal, expiresAt: new Date(Date.now() + 3_600_000) };
    },
    closeSession: async (token) => {
      bySession.delete(token);
    },
    createKey: async () => ({ ...apiKey, key: secretOf('n') }),
    listKeys: async () => ({ data: [apiKey], nextCursor: null }),
    rotateKey: async (id) => ({ ...find(id), key: secretOf('n') }),
    revokeKey: async (id) => ({ ...find(id), revokedAt: '2026-01-02T03:04:05.000Z' }),
  };
};

const fakeInferences = (): InferenceService => ({
  run: async () => ({ inference: exampleInference, replayed: false, shared: false }),
  cancel: async (id) => {
    if (id !== knownId) throw new AppError('not_found', `There is no inference ${id}.`);
    return { inference: exampleInference, accepted: true };
  },
  get: async (id) => {
    if (id !== knownId) throw new AppError('not_found', `There is no inference ${id}.`);
    return exampleInference;
  },
  list: async () => ({ data: [exampleInference], nextCursor: 'next' }),
  sweep: async () => 0,
});

type FakeParts = {
  batchService?: Partial<BatchService>;
  tickService?: Partial<TickService>;
  inferenceService?: Partial<InferenceService>;
  accessService?: Partial<AccessService>;
  uploadService?: Partial<UploadService>;
  exportService?: Partial<ExportService>;
  searchService?: Partial<SearchService>;
  scheduleService?: Partial<ScheduleService>;
  studyService?: Partial<StudyService>;
  priceService?: Partial<PriceService>;
  readiness?: AppServices['readiness'];
};

/** Services in memory that answer plausibly; `parts` replaces single methods. */
export const fakeServices = (parts: FakeParts = {}): AppServices => ({
  inferenceService: { ...fakeInferences(), ...parts.inferenceService },
  batchService: { ...fakeBatches(knownId), ...parts.batchService },
  tickService: { ...fakeTicks(), ...parts.tickService },
  accessService: { ...fakeAccess(), ...parts.accessService },
  uploadService: { ...fakeUploads(knownId), ...parts.uploadService },
  searchService: { ...fakeSearch(knownId), ...parts.searchService },
  exportService: { ...fakeExports(knownId), ...parts.exportService },
  scheduleService: { ...fakeSchedules(knownId), ...parts.scheduleService },
  studyService: { ...fakeStudies(knownId), ...parts.studyService },
  priceService: { ...fakePrices(knownId), ...parts.priceService },
  listProviders: () => [],
  listProviderConditions: async () => [],
  readiness: parts.readiness ?? (async () => ({ database: 'ok', migrations: 'ok' })),
});

/** Options of an app over fakes, with the lines it logs. */
export const fakeAppOptions = (
  parts: FakeParts = {},
): { options: CreateAppOptions; lines: Record<string, unknown>[] } => {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({ level: 'debug', write: (line) => lines.push(JSON.parse(line)) });
  const options = { services: fakeServices(parts), logger, version: '1.2.3', staticDir: '/nowhere' };
  return { options, lines };
};

export type SendInit = { method?: string; body?: BodyInit; headers?: Record<string, string> };

/** An app over fakes and a way to ask it; the admin key is sent unless `headers` name another credential. */
export const startFakeApp = (
  parts: FakeParts = {},
  more: Partial<CreateAppOptions> = {},
  base = 'http://sq.test',
) => {
  const { options, lines } = fakeAppOptions(parts);
  const app = createApp({ ...options, ...more });
  const sendRaw = async (path: string, init: SendInit = {}) =>
    app.fetch(new Request(`${base}${path}`, { ...init, duplex: 'half' } as RequestInit));
  const send = (path: string, init: SendInit = {}) =>
    sendRaw(path, {
      ...init,
      headers: {
        authorization: `Bearer ${testKeys.admin}`,
        ...(init.body !== undefined && { 'content-type': 'application/json' }),
        ...init.headers,
      },
    });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    send(path, { method: 'POST', body: JSON.stringify(body), headers });
  return { send, sendRaw, post, lines };
};

export const goodQuestion = { prompt: 'hello', provider: 'echo', model: 'echo-1' };
