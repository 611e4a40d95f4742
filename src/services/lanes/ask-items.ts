import type { Batch } from '../../contract/batch.ts';
import type { BatchRepository, LeasedItem } from '../../db/batches/batch-repository.ts';
import type { RunSettlement } from '../../db/runs/inference-repository.ts';
import { AppError } from '../../errors.ts';
import type { Provider } from '../../providers/provider.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { AskAndRecord } from '../calls/ask-and-record.ts';
import type { Admit } from '../calls/ask-provider.ts';
import type { FindPrice } from '../calls/find-price.ts';
import type { OutcomeDetail } from '../calls/outcome-details.ts';
import { type PreparedQuestion, prepareQuestion } from '../calls/prepare-question.ts';
import type { ProviderPace } from '../calls/provider-pace.ts';
import type { TokenLimits } from '../prompts/token-limits.ts';
import type { CallVerdict } from './call-window.ts';
import { decideItemRetry } from './decide-item-retry.ts';
import { targetKey } from './end-lost-items.ts';
import type { ProviderHealth } from './provider-health.ts';
import { createReportCall } from './report-call.ts';
import { createReserveCost, hasCap } from './reserve-cost.ts';
import { createSettleUnsent } from './settle-unsent.ts';

export type AskItemsDependencies = {
  repository: Pick<
    BatchRepository,
    'reserve' | 'cancelReservations' | 'beginItem' | 'settleItem' | 'settleUnsentItems' | 'releaseItems'
  >;
  providers: ReadonlyMap<string, Provider>;
  askAndRecord: AskAndRecord;
  findPrice: FindPrice;
  pace: ProviderPace;
  health: ProviderHealth;
  logger: Logger;
  limits: TokenLimits & { defaultDeadlineMs: number };
  now: () => number;
  random: () => number;
  newId: () => string;
};

/** Longest that a question of a batch may take, whatever the configured default: a turn must end before the platform ends it. */
const longestDeadlineMs = 300_000;
/** How far ahead of its moment a call is booked: single inferences wait for no more than this behind a batch, in ms. */
const bookAheadMs = 200;
/** The same for one that was held up past its moment: it has begun, and would have to be begun anew. */
const bookLateAheadMs = 1000;
/** When a question that the cap leaves no room for at the moment is tried again, in ms. */
const capPollMs = 250;

/** The lane that the items are asked for. */
export type AskingLane = {
  batch: Batch;
  leaseToken: string;
  /** How long a begun item may wait for its turn, in ms. */
  admitWithinMs: number;
  admit(item: LeasedItem): ReturnType<Admit>;
  /** A call has ended. `blockedUntil`: nothing is sent there before, epoch ms. */
  onCall(provider: string, verdict: CallVerdict, blockedUntil: number): void;
  onSettled(count: number): void;
};

/** What became of a group of items; what is in neither list has ended, typed. */
export type AskedItems = {
  asking: { item: LeasedItem; end: Promise<void> }[];
  /** To be tried again at `retryAt` (epoch ms). */
  back: LeasedItem[];
  retryAt: number;
};

/** An item that may be sent. */
type Ready = { item: LeasedItem; model: string; question: PreparedQuestion; runId: string };

/**
 * Turns leased items of one provider into recorded runs: prepares the questions, reserves what they may cost, books their calls,
 * and asks.
 */
export const createAskItems = (dependencies: AskItemsDependencies) => {
  const { repository, providers, askAndRecord, pace, health, logger, limits, now, random, newId } =
    dependencies;
  const reserveCost = createReserveCost(dependencies);
  const reportCall = createReportCall(dependencies);
  const settleUnsent = createSettleUnsent(dependencies);

  /** Null: the present configuration does not allow it. */
  const prepare = async (batch: Batch, item: LeasedItem): Promise<Ready | null> => {
    const target = batch.targets[item.targetIndex];
    if (target === undefined) return null;
    const { provider, model } = target;
    const parameters = { ...target.parameters, ...item.parameters };
    try {
      const request = { provider, model, messages: item.messages, parameters };
      return { item, model, question: await prepareQuestion(request, providers, limits), runId: newId() };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      logger.warn('batch item cannot be asked', { batchId: batch.id, position: item.position, error });
      return null;
    }
  };

  /** Ends what nobody needs to be asked about, and prepares the others. */
  const prepareAll = async (lane: AskingLane, items: readonly LeasedItem[]): Promise<Ready[]> => {
    const { batch } = lane;
    const byVerdict = Map.groupBy(items, (item) =>
      health.givenUp(
        batch.targets[item.targetIndex]?.provider ?? '',
        targetKey(batch, item.targetIndex),
        now(),
      ),
    );
    for (const [detail, lost] of byVerdict) {
      if (detail !== null) await settleUnsent(lane, lost, 'provider_error', detail);
    }
    const asked = byVerdict.get(null) ?? [];
    const ready = await Promise.all(asked.map((item) => prepare(batch, item)));
    await settleUnsent(
      lane,
      asked.filter((_, index) => ready[index] === null),
      'provider_error',
      'not_askable' satisfies OutcomeDetail,
    );
    return ready.filter((one) => one !== null);
  };

  /** A call whose moment has gone by waits for another one. @returns false: there is none soon */
  const isInTime = async (question: PreparedQuestion, sendAt: number): Promise<boolean> => {
    const provider = question.provider.name;
    if (!pace.isLate(provider, new Date(sendAt))) return true;
    const [again] = await pace.book(provider, [question], bookLateAheadMs);
    if (again === undefined || 'retryAt' in again) return false;
    const waitMs = again.sendAt.getTime() - now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    return true;
  };

  const askOne = async (lane: AskingLane, { item, model, question, runId }: Ready, sendAt: number) => {
    const { batch, leaseToken } = lane;
    const { batchId, position } = item;
    const reserved = hasCap(batch);
    let sent = false;
    let askAgainAt: Date | null | undefined;

    const admit: Admit = async () => {
      const waitMs = sendAt - now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const done = await lane.admit(item);
      if (done === null || !(await isInTime(question, sendAt))) {
        done?.();
        return null;
      }
      sent = true;
      return done;
    };
    /** May be called again when the database was away: what was learned and decided stays. */
    const settle = async (run: RunSettlement): Promise<void> => {
      if (askAgainAt === undefined) {
        const { maxAttempts, onUnknown } = batch;
        const attempts = item.attempts + 1;
        askAgainAt = sent
          ? decideItemRetry({ settlement: run, attempts, maxAttempts, onUnknown, random })
          : run.settledAt;
        if (sent) {
          const provider = question.provider.name;
          const call = { provider, target: targetKey(batch, item.targetIndex), settlement: run };
          await reportCall(call, (verdict, until) => lane.onCall(provider, verdict, until));
        }
      }
      await repository.settleItem({ batchId, position, run, askAgainAt });
    };
    const recorded = await askAndRecord(
      {
        runId,
        model,
        question,
        preprocessing: null,
        metadata: item.metadata,
        requestId: null,
        apiKeyId: batch.apiKeyId,
        batchId,
        startedAt: now(),
        deadlineMs: Math.min(longestDeadlineMs, batch.deadlineMs ?? limits.defaultDeadlineMs),
        admitWithinMs: lane.admitWithinMs,
        maxAttempts: 1,
        admit,
      },
      { begin: (run) => repository.beginItem({ batchId, position, leaseToken, run, reserved }), settle },
    );
    if (recorded === null) {
      if (reserved) await repository.cancelReservations([runId], new Date(now()));
      await repository.releaseItems([{ batchId, position, leaseToken, notBefore: null }], new Date(now()));
    } else if (askAgainAt === null) {
      lane.onSettled(1);
    }
  };

  return async (lane: AskingLane, items: readonly LeasedItem[]): Promise<AskedItems> => {
    const result: AskedItems = { asking: [], back: [], retryAt: 0 };
    const ready = await prepareAll(lane, items);
    const [first] = ready;
    if (first === undefined) return result;
    const giveBack = (item: LeasedItem, retryAt: number): void => {
      result.back.push(item);
      result.retryAt = Math.max(result.retryAt, retryAt);
    };

    const reservations = await reserveCost(lane.batch, ready);
    const granted = ready.filter((_, index) => reservations[index] === 'granted');
    const tooDear = ready.filter((_, index) => reservations[index] === 'never').map(({ item }) => item);
    await settleUnsent(lane, tooDear, 'budget_skipped', 'cap_reached' satisfies OutcomeDetail);
    for (const [index, { item }] of ready.entries()) {
      if (reservations[index] === 'later') giveBack(item, now() + capPollMs);
    }

    const questions = granted.map(({ question }) => question);
    const bookings = await pace.book(first.question.provider.name, questions, bookAheadMs);
    const unbooked: string[] = [];
    for (const [index, one] of granted.entries()) {
      const booking = bookings[index];
      if (booking !== undefined && 'sendAt' in booking) {
        result.asking.push({ item: one.item, end: askOne(lane, one, booking.sendAt.getTime()) });
      } else {
        unbooked.push(one.runId);
        giveBack(one.item, booking?.retryAt.getTime() ?? now() + capPollMs);
      }
    }
    if (unbooked.length > 0 && hasCap(lane.batch)) {
      await repository.cancelReservations(unbooked, new Date(now()));
    }
    return result;
  };
};
