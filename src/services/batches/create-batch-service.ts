import type { Batch, BatchDefinition, BatchDetail } from '../../contract/batch.ts';
import type { Outcome } from '../../contract/inference.ts';
import type { BatchRepository } from '../../db/batches/batch-repository.ts';
import { AppError } from '../../errors.ts';
import { canonicalJson, sha256Hex } from '../canonical-json.ts';
import { hashIdempotencyKey } from '../claim-idempotency-key.ts';
import type { QuestionFile } from '../uploads/question-file.ts';
import type { UploadService } from '../uploads/upload-service.ts';
import type { StartBatch } from './batch-conductor.ts';
import { batchProgress } from './batch-progress.ts';
import type { BatchCaller, BatchService, QuestionSource } from './batch-service.ts';
import { inlineQuestions } from './inline-questions.ts';
import type { PlanBatch } from './plan-batch.ts';

export type BatchServiceDependencies = {
  repository: BatchRepository;
  uploadService: Pick<UploadService, 'openQuestions' | 'spoolQuestions'>;
  planBatch: PlanBatch;
  startBatch: StartBatch;
  /** Epoch ms. */
  now?: (() => number) | undefined;
};

/** What brought no answer. A filtered, refused or truncated one is an answer, and asked again only on demand. */
const unanswered: readonly Outcome[] = [
  'provider_error',
  'timeout',
  'cancelled',
  'budget_skipped',
  'unknown_outcome',
];
/** Bytes of answers on a page of results; as JSON they grow to six times that at the very most, and stay below 16 MiB. */
const maxResultBytes = 2_500_000;

export const createBatchService = (dependencies: BatchServiceDependencies): BatchService => {
  const { repository, uploadService, planBatch, startBatch, now = Date.now } = dependencies;
  const at = () => new Date(now());

  const find = async (id: string): Promise<Batch> => {
    const batch = await repository.findBatch(id);
    if (batch === null) throw new AppError('not_found', `There is no batch ${id}.`);
    return batch;
  };
  const detailOf = async (batch: Batch): Promise<BatchDetail> => {
    const [counts, spend] = await Promise.all([
      repository.batchCounts(batch.id, at()),
      repository.batchSpend(batch.id),
    ]);
    return { ...batch, counts, spend, ...batchProgress(batch, counts, now()) };
  };
  const get = async (id: string): Promise<BatchDetail> => detailOf(await find(id));
  const refuse = (batch: Batch, wish: string): never => {
    throw new AppError('conflict', `The batch is ${batch.status} and cannot be ${wish}.`);
  };

  const open = async (source: QuestionSource): Promise<QuestionFile> => {
    if ('items' in source) return inlineQuestions(source.items);
    if ('uploadId' in source) return uploadService.openQuestions(source.uploadId);
    return uploadService.spoolQuestions(source.lines, source.contentEncoding);
  };
  /** What was spooled for a request does not outlive it. */
  const withQuestions = async <Result>(
    source: QuestionSource,
    work: (file: QuestionFile) => Promise<Result>,
  ): Promise<Result> => {
    const file = await open(source);
    try {
      return await work(file);
    } finally {
      await file.dispose();
    }
  };

  /** The batch that this request has made before, if it has. */
  const replay = async (definition: BatchDefinition, questions: string, caller: BatchCaller) => {
    const hash = hashIdempotencyKey(caller.apiKeyId, caller.idempotencyKey);
    const fingerprint = sha256Hex(canonicalJson({ definition, questions }));
    const earlier = hash === null ? null : await repository.findIdempotentBatch(hash);
    if (earlier !== null && earlier.fingerprint !== fingerprint) {
      throw new AppError('idempotency_mismatch', 'This Idempotency-Key was used for another batch.');
    }
    const found = earlier === null ? null : { batch: await get(earlier.id), replayed: true };
    return { found, idempotency: hash === null ? null : { hash, fingerprint } };
  };

  const create: BatchService['create'] = async (definition, source, caller) => {
    // An upload may be gone by the time that its request is repeated: its id will do.
    const uploadId = 'uploadId' in source ? source.uploadId : null;
    const before = uploadId === null ? null : await replay(definition, uploadId, caller);
    if (before !== null && before.found !== null) return before.found;
    return withQuestions(source, async (file) => {
      const questions = uploadId ?? file.sha256;
      const { found, idempotency } = before ?? (await replay(definition, questions, caller));
      if (found !== null) return found;
      const { batch, inputs } = await planBatch(definition, file, caller);
      if ((await repository.insertBatch({ ...batch, idempotency }, inputs())) === null) {
        const other = await replay(definition, questions, caller);
        if (other.found === null)
          throw new Error('a batch with this idempotency hash was there, and is gone');
        return other.found;
      }
      await startBatch({ id: batch.id, generation: 1, concurrency: batch.concurrency });
      return { batch: await get(batch.id), replayed: false };
    });
  };

  return {
    create,
    estimate: (definition, source) =>
      withQuestions(source, async (file) => (await planBatch(definition, file, { apiKeyId: null })).estimate),
    get,
    list: (filter, page) => repository.listBatches(filter, page),
    listItems: async (id, filter, page) => {
      await find(id);
      return repository.listBatchItems(id, filter, page);
    },
    failures: async (id) => {
      await find(id);
      return repository.batchFailures(id);
    },
    listResults: async (id, page) => {
      await find(id);
      return repository.listBatchResults(id, { ...page, maxBytes: maxResultBytes });
    },
    pause: async (id) => {
      const before = await find(id);
      const batch = await repository.pauseBatch(id, at());
      return batch?.status === 'paused' ? detailOf(batch) : refuse(batch ?? before, 'paused');
    },
    resume: async (id) => {
      const before = await find(id);
      if (before.status !== 'paused') return refuse(before, 'resumed');
      const batch = (await repository.resumeBatch(id, at())) ?? before;
      await startBatch(batch);
      return detailOf(batch);
    },
    cancel: async (id) => {
      await find(id);
      await repository.cancelBatch(id, at());
      return get(id);
    },
    retryFailed: async (id, { outcomes = unanswered }) => {
      const before = await find(id);
      if (before.status === 'cancelling') return refuse(before, 'retried');
      if ((await repository.retryItems({ batchId: id, outcomes, now: at() })) === 0) {
        throw new AppError('conflict', `No item of the batch ended as ${outcomes.join(', ')}.`);
      }
      const batch = await find(id);
      if (batch.status !== 'paused') await startBatch(batch);
      return detailOf(batch);
    },
    reconcile: async (id) => {
      const reconciliation = await repository.reconcileBatch(id);
      if (reconciliation === null) throw new AppError('not_found', `There is no batch ${id}.`);
      return reconciliation;
    },
  };
};
