import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import type { SlotRequest } from './limits-repository.ts';
import { ensureProvider, factorAt } from './rate-queries.ts';

const AllowedCalls = z.object({ allowed: z.number() });
const Held = z.object({ slots: z.number() });

/**
 * Gives a worker its share of the calls that a provider may have under way: what it wants, as long as the others leave it, and
 * no more than an even share while others want more than they have. Those give back at their next renewal. Granted shares
 * never add up to more than `max`, because they change only under the lock of the provider's row. A provider that was
 * slowed down has fewer.
 */
export const holdSlots = async (connection: CommonQueryMethods, request: SlotRequest): Promise<number> => {
  const { provider, holder, wanted, max, now, expiresAt } = request;
  const at = now.toISOString();
  await ensureProvider(connection, provider);
  return connection.transaction(async (transaction) => {
    const allowed = await transaction.oneFirst(sql.type(AllowedCalls)`
      select greatest(1, floor(${max}::int * ${factorAt(at)}))::int as allowed
      from rate_limits
      where provider = ${provider}
      for update`);
    return transaction.oneFirst(sql.type(Held)`
      with gone as (
        delete from provider_slots where provider = ${provider} and expires_at <= ${at} and holder <> ${holder}
      ), others as (
        select
          coalesce(sum(slots), 0)::int as held,
          count(*) filter (where wanted > 0)::int as holders,
          coalesce(sum(greatest(wanted - slots, 0)), 0)::int as missing
        from provider_slots
        where provider = ${provider} and expires_at > ${at} and holder <> ${holder}
      ), share as (
        select greatest(0, least(
          ${wanted}::int,
          ${allowed}::int - others.held,
          case when others.missing > 0 then ceil(${allowed}::numeric / (others.holders + 1))::int else ${allowed}::int end
        )) as slots
        from others
      )
      insert into provider_slots (provider, holder, wanted, slots, expires_at)
      select ${provider}, ${holder}::uuid, ${wanted}, share.slots, ${expiresAt.toISOString()}::timestamptz from share
      on conflict (provider, holder) do update set
        wanted = excluded.wanted,
        slots = excluded.slots,
        expires_at = excluded.expires_at
      returning slots`);
  });
};

export const releaseSlots = async (
  connection: CommonQueryMethods,
  provider: string,
  holder: string,
): Promise<void> => {
  await connection.query(sql.unsafe`
    delete from provider_slots where provider = ${provider} and holder = ${holder}`);
};
