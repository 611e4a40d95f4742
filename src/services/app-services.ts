import type { ProviderCondition, ProviderInfo } from '../contract/provider-info.ts';
import type { AccessService } from './access/access-service.ts';
import type { BatchService } from './batches/batch-service.ts';
import type { ExportService } from './exports/export-service.ts';
import type { InferenceService } from './inferences/inference-service.ts';
import type { ScheduleService } from './schedules/schedule-service.ts';
import type { SearchService } from './search/search-service.ts';
import type { PriceService, StudyService } from './study/study-service.ts';
import type { TickService } from './tick-service.ts';
import type { UploadService } from './uploads/upload-service.ts';

/** What the HTTP layer needs of the product; `createServices` makes it. */
export type AppServices = {
  inferenceService: InferenceService;
  batchService: BatchService;
  tickService: TickService;
  accessService: AccessService;
  scheduleService: ScheduleService;
  uploadService: UploadService;
  exportService: ExportService;
  searchService: SearchService;
  studyService: StudyService;
  priceService: PriceService;
  listProviders(): ProviderInfo[];
  listProviderConditions(): Promise<ProviderCondition[]>;
  /** Whether database and migrations are as this build needs them. Never throws. */
  readiness(): Promise<{ database: 'ok' | 'failed'; migrations: 'ok' | 'pending' | 'unknown' }>;
};
