import type { DatabasePool } from 'slonik';
import { reserveFromBudgets } from './budget-queries.ts';
import type { LimitsRepository } from './limits-repository.ts';
import { providerPaces, slowProvider, takeRate } from './rate-queries.ts';
import { cancelReservations, expireReservations } from './reservation-queries.ts';
import { holdSlots, releaseSlots } from './slot-queries.ts';

/** Money and pace over whatever `connect` gives. */
export const createLimitsRepository = (connect: () => Promise<DatabasePool>): LimitsRepository => ({
  reserve: async (budgetIds, requests) => reserveFromBudgets(await connect(), budgetIds, requests),
  cancelReservations: async (runIds, now) =>
    (await connect()).transaction((transaction) => cancelReservations(transaction, runIds, now)),
  expireReservations: async (now, limit) =>
    (await connect()).transaction((transaction) => expireReservations(transaction, now, limit)),
  takeRate: async (request) => takeRate(await connect(), request),
  holdSlots: async (request) => holdSlots(await connect(), request),
  releaseSlots: async (provider, holder) => releaseSlots(await connect(), provider, holder),
  slowProvider: async (slowdown) => slowProvider(await connect(), slowdown),
  providerPaces: async (now) => providerPaces(await connect(), now),
});
