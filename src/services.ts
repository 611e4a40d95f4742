import type { ArtifactStore } from './artifacts/artifact-store.ts';
import { createBlobArtifactStore } from './artifacts/blob-artifact-store.ts';
import { createFolderArtifactStore } from './artifacts/folder-artifact-store.ts';
import type { Config } from './config/config.ts';
import type { Secret } from './config/secret.ts';
import { createBatchRepository } from './db/create-batch-repository.ts';
import { createPool } from './db/create-pool.ts';
import { createEmbeddingRepository } from './db/embeddings/create-embedding-repository.ts';
import { createMeaningRepository } from './db/embeddings/create-meaning-repository.ts';
import { createExportRepository } from './db/exports/create-export-repository.ts';
import { createInferenceRepository } from './db/runs/create-inference-repository.ts';
import type { InferenceRepository } from './db/runs/inference-repository.ts';
import { createStudyRepository } from './db/study/create-study-repository.ts';
import { createUploadRepository } from './db/uploads/create-upload-repository.ts';
import { createIdentity, type Identity } from './identity/create-identity.ts';
import { createProviders, type ProviderOptions } from './providers/create-providers.ts';
import { createAccessService } from './services/access/create-access-service.ts';
import type { AppServices } from './services/app-services.ts';
import { type BatchConductor, createStartBatch } from './services/batches/batch-conductor.ts';
import { createBatchService } from './services/batches/create-batch-service.ts';
import { createPlanBatch } from './services/batches/create-plan-batch.ts';
import { createAskAndRecord } from './services/calls/ask-and-record.ts';
import { createFindPrice, type FamilyOf } from './services/calls/find-price.ts';
import { createProviderPace } from './services/calls/provider-pace.ts';
import { checkReadiness } from './services/check-readiness.ts';
import { createTickService } from './services/create-tick-service.ts';
import { createEmbeddings } from './services/embeddings/create-embeddings.ts';
import type { EmbeddingConductor } from './services/embeddings/embedding-conductor.ts';
import type { EmbeddingRunner } from './services/embeddings/embedding-runner.ts';
import { createExportRunner } from './services/exports/create-export-runner.ts';
import { createExportService } from './services/exports/create-export-service.ts';
import type { ExportConductor } from './services/exports/export-conductor.ts';
import type { ExportRunner } from './services/exports/export-runner.ts';
import { createInferenceService } from './services/inferences/create-inference-service.ts';
import type { BatchRunner } from './services/lanes/batch-runner.ts';
import { createBatchRunner } from './services/lanes/create-batch-runner.ts';
import { listProviderConditions } from './services/list-provider-conditions.ts';
import { listProviderInfos } from './services/list-provider-infos.ts';
import { createPrepareDatabase } from './services/prepare-database.ts';
import { createScheduleService } from './services/schedules/create-schedule-service.ts';
import { createSearchService } from './services/search/create-search-service.ts';
import { createPriceService } from './services/study/create-price-service.ts';
import { createStudyService } from './services/study/create-study-service.ts';
import { createUploadService } from './services/uploads/create-upload-service.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Telemetry } from './telemetry/telemetry.ts';

export type Services = AppServices & {
  repository: InferenceRepository;
  batchRunner: BatchRunner;
  exportRunner: ExportRunner;
  embeddingRunner: EmbeddingRunner;
  /** To be called before the first request. Never throws. */
  prepareDatabase(): Promise<void>;
  /** Lets running statements end, then closes the connections. */
  close(): Promise<void>;
};

export type ServicesDependencies = {
  logger: Logger;
  conductor: BatchConductor & ExportConductor & EmbeddingConductor;
  /** How the app signs in; made from the configuration unless it is shared with others. */
  identity?: Identity;
  /** Left out: nothing is traced or measured. */
  telemetry?: Telemetry;
};

/** Wires the product once: database → repositories → providers → services. Connects at first use. */
export const createServices = (config: Config, dependencies: ServicesDependencies): Services => {
  const { logger, conductor, identity = createIdentity(config, { logger }), telemetry } = dependencies;
  const { limits } = config;
  const openPool = (url: Secret) =>
    createPool({
      databaseUrl: url.reveal(),
      size: config.database.poolSize,
      pooler: config.database.pooler,
      ...(identity.databasePassword && { password: identity.databasePassword }),
      onError: (error) => logger.warn('database error', { error }),
    });
  const pool = openPool(config.database.url);
  const replicaPool = config.database.replicaUrl && openPool(config.database.replicaUrl);
  const repository = createInferenceRepository({ pool });
  const batches = createBatchRepository({ pool });
  const providers = createProviders(
    config.providers.map((provider) => toProviderOptions(provider, identity)),
  );
  const findPrice = createFindPrice(repository);
  const familyOf: FamilyOf = (provider, model) =>
    providers.get(provider)?.declaredModels?.find(({ id }) => id === model)?.family ?? null;
  const pace = createProviderPace({ repository: batches, limits: config.providerLimits });
  const askAndRecord = createAskAndRecord({
    repository,
    logger,
    telemetry,
    leaseGraceMs: limits.leaseGraceMs,
  });
  const planBatch = createPlanBatch({ providers, limits, findPrice });
  const asking = { providers, askAndRecord, pace, logger, limits };

  const readPool = replicaPool ?? pool;
  const batchRunner = createBatchRunner({ repository: batches, findPrice, ...asking });
  const embeddingRepository = createEmbeddingRepository({ pool });
  const embeddings = createEmbeddings({
    ...asking,
    repository: embeddingRepository,
    configured: config.embedding,
    conductor,
    findPrice,
    leaseGraceMs: limits.leaseGraceMs,
    isBusy: batchRunner.isAtWork,
  });
  const inferenceService = createInferenceService({
    repository,
    telemetry,
    ...asking,
    onRecorded: embeddings.service.soon,
  });
  const scheduleService = createScheduleService({ repository: batches, planBatch, conductor, logger });
  const artifacts = createArtifactStore(config, identity);
  const uploadService = createUploadService({ repository: createUploadRepository({ pool }), artifacts });
  const study = createStudyRepository({ pool, readPool });
  const studyService = createStudyService({ repository: study, familyOf });
  const exports = { repository: createExportRepository({ pool }), artifacts, logger };
  const exportRunner = createExportRunner({ ...exports, study: studyService });
  const exportService = createExportService({
    ...exports,
    runner: exportRunner,
    conductor,
    atOnce: { partBytes: config.exports.atOnceBytes },
  });
  return {
    repository,
    studyService,
    priceService: createPriceService({ repository: study, familyOf }),
    inferenceService,
    batchService: createBatchService({
      repository: batches,
      uploadService,
      planBatch,
      startBatch: createStartBatch({ conductor, logger }),
    }),
    batchRunner,
    exportRunner,
    exportService,
    embeddingRunner: embeddings.runner,
    searchService: createSearchService({
      repository,
      meaningRepository: createMeaningRepository({ pool, readPool }),
      embeddingRepository,
      embedding: embeddings.embedding,
      telemetry,
    }),
    scheduleService,
    uploadService,
    tickService: createTickService({
      repository: batches,
      conductor,
      inferenceService,
      scheduleService,
      uploadService,
      exportService,
      embeddingService: embeddings.service,
      studyService,
      logger,
      telemetry,
      stallMs: config.batches.stallMs,
    }),
    accessService: createAccessService({
      repository,
      adminKey: identity.readKey(config.adminKeySetting),
      entra: identity.entra,
      logger,
    }),
    prepareDatabase: createPrepareDatabase({ repository, migrate: migrateOf(config, identity), logger }),
    listProviders: () => listProviderInfos(providers),
    listProviderConditions: () =>
      listProviderConditions({
        repository: batches,
        studyService,
        providers: providers.keys(),
        now: new Date(),
      }),
    readiness: () => checkReadiness(repository),
    close: async () => {
      embeddings.service.stop();
      await Promise.all([batchRunner.stop(), exportRunner.stop(), embeddings.runner.stop()]);
      await batches.close();
      await replicaPool?.end();
      await repository.close();
    },
  };
};

/** The runner of migrations is loaded only where there are any to run. */
const migrateOf = ({ database }: Config, { databasePassword }: Identity): (() => Promise<void>) | null => {
  const databaseUrl = database.migrateUrl?.reveal();
  if (databaseUrl === undefined) return null;
  return async () => {
    const [{ migrateDatabase }, { migrationFiles }] = await Promise.all([
      import('./db/migrate-database.ts'),
      import('./db/migration-files.ts'),
    ]);
    await migrateDatabase({
      databaseUrl,
      ...(databasePassword && { password: databasePassword }),
      ...migrationFiles,
    });
  };
};

const createArtifactStore = (
  { artifactsDir, artifactsUrl }: Config,
  { credential }: Identity,
): ArtifactStore =>
  artifactsUrl === null
    ? createFolderArtifactStore({ folder: artifactsDir })
    : createBlobArtifactStore({ containerUrl: artifactsUrl, credential });

const toProviderOptions = (provider: Config['providers'][number], identity: Identity): ProviderOptions => {
  switch (provider.kind) {
    case 'azure': {
      const { auth, deployments, endpoint } = provider;
      const key =
        auth.type === 'key'
          ? identity.readKey(auth.keySetting)
          : identity.readToken(auth.clientId, auth.scope);
      return { kind: 'azure', name: 'azure', endpoint, deployments, key };
    }
    case 'openai':
    case 'hyperbolic': {
      const { kind, baseUrl, keySetting } = provider;
      return { kind, name: kind, baseUrl, key: identity.readKey(keySetting) };
    }
    case 'compatible': {
      const { keySetting = null, name, baseUrl, models, capabilities } = provider;
      return { kind: 'compatible', name, baseUrl, models, capabilities, key: identity.readKey(keySetting) };
    }
    case 'echo':
      return provider;
  }
};
