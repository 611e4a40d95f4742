import { type CommonQueryMethods, sql } from 'slonik';
import { AppError } from '../../errors.ts';
import { storableJson, storableText, storableTextOrNull } from '../storable.ts';
import { type RowColumn, unnestRows } from '../unnest-rows.ts';
import type { NewBatch, NewBatchInput } from './batch-repository.ts';

/** Rows of one statement; large enough that the round trip doesn't count, small enough that its parameters stay at some MB. */
const itemsPerStatement = 5000;
const inputsPerStatement = 1000;
const charactersPerStatement = 4_000_000;

type ItemRow = {
  position: number;
  itemKey: string;
  targetIndex: number;
  repetition: number;
  sharedFrom: number | null;
};

const inputColumns: readonly RowColumn<NewBatchInput>[] = [
  ['item_key', 'text', (input) => storableText(input.itemKey)],
  ['messages', 'jsonb', (input) => storableJson(input.messages)],
  ['parameters', 'jsonb', (input) => storableJson(input.parameters)],
  ['metadata', 'jsonb', (input) => storableJson(input.metadata)],
];

const itemColumns: readonly RowColumn<ItemRow>[] = [
  ['position', 'int4', (item) => item.position],
  ['item_key', 'text', (item) => storableText(item.itemKey)],
  ['target_index', 'int4', (item) => item.targetIndex],
  ['repetition', 'int4', (item) => item.repetition],
  ['shared_from', 'int4', (item) => item.sharedFrom],
];

/**
 * Batch, targets, budget, questions and items. Wants a transaction around it.
 * @returns the number of items; null when another batch has its idempotency hash
 * @throws {AppError} invalid_request when there is none
 */
export const insertBatch = async (
  transaction: CommonQueryMethods,
  batch: NewBatch,
  inputs: Iterable<NewBatchInput> | AsyncIterable<NewBatchInput>,
): Promise<number | null> => {
  if (!(await insertHead(transaction, batch))) return null;
  let waiting: NewBatchInput[] = [];
  let characters = 0;
  let inputCount = 0;
  const firstOfHash = new Map<string, number>();

  const flush = async (): Promise<void> => {
    await insertInputs(transaction, batch.id, waiting);
    await insertItems(transaction, batch, waiting, inputCount - waiting.length, firstOfHash);
    waiting = [];
    characters = 0;
  };

  for await (const input of inputs) {
    waiting.push(input);
    inputCount += 1;
    characters += input.messages.reduce((sum, { content }) => sum + content.length, 0);
    if (waiting.length >= inputsPerStatement || characters >= charactersPerStatement) await flush();
  }
  if (waiting.length > 0) await flush();
  if (inputCount === 0) throw new AppError('invalid_request', 'A batch needs at least one item.');
  const planned = inputCount * batch.targets.length * batch.repetitions;
  await transaction.query(sql.unsafe`update batches set planned = ${planned} where id = ${batch.id}`);
  return planned;
};

/** @returns false when another batch has its idempotency hash */
const insertHead = async (transaction: CommonQueryMethods, batch: NewBatch): Promise<boolean> => {
  const createdAt = batch.createdAt.toISOString();
  const { rowCount } = await transaction.query(sql.unsafe`
    insert into batches (
      id, name, repetitions, share_identical, concurrency, on_unknown, max_attempts, deadline_ms, metadata, api_key_id,
      idempotency_hash, fingerprint, planned, created_at, progressed_at
    )
    values (
      ${batch.id}, ${storableTextOrNull(batch.name)}, ${batch.repetitions}, ${batch.shareIdentical}, ${batch.concurrency},
      ${batch.onUnknown}, ${batch.maxAttempts}, ${batch.deadlineMs}, ${storableJson(batch.metadata)}, ${batch.apiKeyId},
      ${batch.idempotency?.hash ?? null}, ${batch.idempotency?.fingerprint ?? null}, 0, ${createdAt}, ${createdAt}
    )
    on conflict (idempotency_hash) where idempotency_hash is not null do nothing`);
  if (rowCount === 0) return false;
  const targets = batch.targets.map((target, targetIndex) => ({ ...target, targetIndex }));
  await transaction.query(sql.unsafe`
    insert into batch_targets (batch_id, target_index, provider, model, parameters)
    select ${batch.id}::uuid, target_index, provider, model, parameters
    from ${unnestRows<(typeof targets)[number]>(targets, [
      ['target_index', 'int4', (target) => target.targetIndex],
      ['provider', 'text', (target) => target.provider],
      ['model', 'text', (target) => storableText(target.model)],
      ['parameters', 'jsonb', (target) => storableJson(target.parameters ?? {})],
    ])}`);
  if (batch.maxCostUsd === null && batch.maxTokens === null) return true;
  await transaction.query(sql.unsafe`
    insert into budgets (id, owner, cap_usd, cap_tokens)
    values (${batch.id}, 'batch', ${batch.maxCostUsd}::numeric, ${batch.maxTokens}::int8)`);
  return true;
};

const insertInputs = async (
  transaction: CommonQueryMethods,
  batchId: string,
  inputs: readonly NewBatchInput[],
): Promise<void> => {
  await transaction.query(sql.unsafe`
    insert into batch_inputs (batch_id, item_key, messages, parameters, metadata)
    select ${batchId}::uuid, item_key, messages, parameters, metadata
    from ${unnestRows(inputs, inputColumns)}`);
};

const insertItems = async (
  transaction: CommonQueryMethods,
  batch: NewBatch,
  inputs: readonly NewBatchInput[],
  firstIndex: number,
  firstOfHash: Map<string, number>,
): Promise<void> => {
  let rows: ItemRow[] = [];
  const flush = async (): Promise<void> => {
    await transaction.query(sql.unsafe`
      insert into batch_items (batch_id, position, item_key, target_index, repetition, shared_from)
      select ${batch.id}::uuid, position, item_key, target_index, repetition, shared_from
      from ${unnestRows(rows, itemColumns)}`);
    rows = [];
  };
  for (const [offset, input] of inputs.entries()) {
    const index = firstIndex + offset;
    for (const row of itemsOf(batch, input, index, leaderOf(batch, input, index, firstOfHash))) {
      rows.push(row);
      if (rows.length >= itemsPerStatement) await flush();
    }
  }
  if (rows.length > 0) await flush();
};

/** Index of the first input with the same question, where answers are shared. */
const leaderOf = (
  batch: NewBatch,
  input: NewBatchInput,
  index: number,
  firstOfHash: Map<string, number>,
): number => {
  if (!batch.shareIdentical || input.questionHash === null) return index;
  const first = firstOfHash.get(input.questionHash) ?? index;
  firstOfHash.set(input.questionHash, first);
  return first;
};

/** An input's items: each repetition to each target. An identical one shares the answer to its own target and repetition. */
function* itemsOf(batch: NewBatch, input: NewBatchInput, index: number, leader: number): Generator<ItemRow> {
  const targetCount = batch.targets.length;
  for (let repetition = 0; repetition < batch.repetitions; repetition += 1) {
    for (let targetIndex = 0; targetIndex < targetCount; targetIndex += 1) {
      const positionIn = (input: number) =>
        (input * batch.repetitions + repetition) * targetCount + targetIndex;
      yield {
        position: positionIn(index),
        itemKey: input.itemKey,
        targetIndex,
        repetition,
        sharedFrom: leader === index ? null : positionIn(leader),
      };
    }
  }
}
