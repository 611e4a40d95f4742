import type { ProviderInfo } from '../contract/provider-info.ts';
import type { AccessService } from './access-service.ts';
import type { InferenceService } from './inference-service.ts';

/** What the HTTP layer needs of the product; `createServices` makes it. */
export type AppServices = {
  inferenceService: InferenceService;
  accessService: AccessService;
  listProviders(): ProviderInfo[];
  /** Whether database and migrations are as this build needs them. Never throws. */
  readiness(): Promise<{ database: 'ok' | 'failed'; migrations: 'ok' | 'pending' | 'unknown' }>;
};
