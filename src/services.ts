import type { Config } from './config/config.ts';
import { createInferenceRepository } from './db/create-inference-repository.ts';
import { createPool } from './db/create-pool.ts';
import type { InferenceRepository } from './db/inference-repository.ts';
import { createAzureTokenProvider } from './providers/azure-token-provider.ts';
import { createProviders, type ProviderOptions } from './providers/create-providers.ts';
import type { AppServices } from './services/app-services.ts';
import { checkReadiness } from './services/check-readiness.ts';
import { createAccessService } from './services/create-access-service.ts';
import { createInferenceService } from './services/create-inference-service.ts';
import { listProviderInfos } from './services/list-provider-infos.ts';
import type { Logger } from './telemetry/logger.ts';

export type Services = AppServices & {
  repository: InferenceRepository;
  /** Lets running statements end, then closes the connections. */
  close(): Promise<void>;
};

/** Wires the product once: database → repository → providers → services. Connects at first use. */
export const createServices = (config: Config, { logger }: { logger: Logger }): Services => {
  const pool = createPool({
    databaseUrl: config.database.url.reveal(),
    size: config.database.poolSize,
    onError: (error) => logger.warn('database error', { error }),
  });
  const repository = createInferenceRepository({ pool });
  const providers = createProviders(config.providers.map(toProviderOptions));
  return {
    repository,
    inferenceService: createInferenceService({ repository, providers, logger, limits: config.limits }),
    accessService: createAccessService({ repository, adminKey: config.adminKey?.reveal() ?? null, logger }),
    listProviders: () => listProviderInfos(providers),
    readiness: () => checkReadiness(repository),
    close: () => repository.close(),
  };
};

const toProviderOptions = (provider: Config['providers'][number]): ProviderOptions => {
  switch (provider.kind) {
    case 'azure': {
      const { auth, deployments, endpoint } = provider;
      const key = auth.type === 'key' ? () => auth.key.reveal() : createAzureTokenProvider(auth);
      return { kind: 'azure', name: 'azure', endpoint, deployments, key };
    }
    case 'openai':
    case 'hyperbolic': {
      const { kind, baseUrl, key } = provider;
      return { kind, name: kind, baseUrl, key: () => key.reveal() };
    }
    case 'compatible': {
      const { key, name, baseUrl, models, capabilities } = provider;
      return { kind: 'compatible', name, baseUrl, models, capabilities, key: key && (() => key.reveal()) };
    }
    case 'echo':
      return provider;
  }
};
