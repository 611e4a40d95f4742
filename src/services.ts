import { createFolderArtifactStore } from './artifacts/folder-artifact-store.ts';
import type { Config } from './config/config.ts';
import { createBatchRepository } from './db/create-batch-repository.ts';
import { createInferenceRepository } from './db/create-inference-repository.ts';
import { createPool } from './db/create-pool.ts';
import { createUploadRepository } from './db/create-upload-repository.ts';
import type { InferenceRepository } from './db/inference-repository.ts';
import { createAzureTokenProvider } from './providers/azure-token-provider.ts';
import { createProviders, type ProviderOptions } from './providers/create-providers.ts';
import type { AppServices } from './services/app-services.ts';
import { createAskAndRecord } from './services/ask-and-record.ts';
import { type BatchConductor, createStartBatch } from './services/batch-conductor.ts';
import type { BatchRunner } from './services/batch-runner.ts';
import { checkReadiness } from './services/check-readiness.ts';
import { createAccessService } from './services/create-access-service.ts';
import { createBatchRunner } from './services/create-batch-runner.ts';
import { createBatchService } from './services/create-batch-service.ts';
import { createInferenceService } from './services/create-inference-service.ts';
import { createPlanBatch } from './services/create-plan-batch.ts';
import { createScheduleService } from './services/create-schedule-service.ts';
import { createTickService } from './services/create-tick-service.ts';
import { createUploadService } from './services/create-upload-service.ts';
import { createFindPrice } from './services/find-price.ts';
import { listProviderInfos } from './services/list-provider-infos.ts';
import { createProviderPace } from './services/provider-pace.ts';
import type { Logger } from './telemetry/logger.ts';

export type Services = AppServices & {
  repository: InferenceRepository;
  batchRunner: BatchRunner;
  /** Lets running statements end, then closes the connections. */
  close(): Promise<void>;
};

export type ServicesDependencies = { logger: Logger; conductor: BatchConductor };

/** Wires the product once: database → repositories → providers → services. Connects at first use. */
export const createServices = (config: Config, { logger, conductor }: ServicesDependencies): Services => {
  const { limits } = config;
  const pool = createPool({
    databaseUrl: config.database.url.reveal(),
    size: config.database.poolSize,
    onError: (error) => logger.warn('database error', { error }),
  });
  const repository = createInferenceRepository({ pool });
  const batches = createBatchRepository({ pool });
  const providers = createProviders(config.providers.map(toProviderOptions));
  const findPrice = createFindPrice(repository);
  const pace = createProviderPace({ repository: batches, limits: config.providerLimits });
  const askAndRecord = createAskAndRecord({ repository, logger, leaseGraceMs: limits.leaseGraceMs });
  const planBatch = createPlanBatch({ providers, limits, findPrice });
  const asking = { providers, askAndRecord, pace, logger, limits };

  const inferenceService = createInferenceService({ repository, ...asking });
  const batchRunner = createBatchRunner({ repository: batches, findPrice, ...asking });
  const scheduleService = createScheduleService({ repository: batches, planBatch, conductor, logger });
  const uploadService = createUploadService({
    repository: createUploadRepository({ pool }),
    artifacts: createFolderArtifactStore({ folder: config.artifactsDir }),
  });
  return {
    repository,
    inferenceService,
    batchService: createBatchService({
      repository: batches,
      uploadService,
      planBatch,
      startBatch: createStartBatch({ conductor, logger }),
    }),
    batchRunner,
    scheduleService,
    uploadService,
    tickService: createTickService({
      repository: batches,
      conductor,
      inferenceService,
      scheduleService,
      uploadService,
      logger,
      stallMs: config.batches.stallMs,
    }),
    accessService: createAccessService({ repository, adminKey: config.adminKey?.reveal() ?? null, logger }),
    listProviders: () => listProviderInfos(providers),
    readiness: () => checkReadiness(repository),
    close: async () => {
      await batchRunner.stop();
      await batches.close();
      await repository.close();
    },
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
