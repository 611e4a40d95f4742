import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Timestamp } from '../../contract/common.ts';
import type { ProviderPace, RateRequest, RateResult, Slowdown } from './limits-repository.ts';

/**
 * How far requests may run ahead of an even pace. In a window of 60 s no more than `limit × 60.25 / 60` calls begin, plus what
 * their senders' clocks and event loops delay: busy senders were seen to use up most of a second.
 */
const requestBurstSeconds = 0.25;
/** The same for tokens, of which a single call takes many. */
const tokenBurstSeconds = 0.5;
/** A limit that was halved is whole again after this time at the latest, if nothing else is refused. */
const recoverySeconds = 120;
const smallestFactor = 0.05;

/** The provider's row, made when it is missing: an update must find something to lock. */
export const ensureProvider = async (connection: CommonQueryMethods, provider: string): Promise<void> => {
  await connection.query(sql.unsafe`
    insert into rate_limits (provider) values (${provider}) on conflict (provider) do nothing`);
};

/** The factor at `at`: as it was set, grown by a fixed part a second since (additive increase). */
export const factorAt = (at: string) => sql.fragment`
  least(1, factor + coalesce(greatest(0, extract(epoch from ${at}::timestamptz - slowed_at)) / ${recoverySeconds}::float8, 0))`;

const Booking = z.object({ sendAt: Timestamp, isGranted: z.boolean() });

/**
 * Books calls by the generic cell rate algorithm (ITU-T I.371, as virtual scheduling), requests and tokens side by side: a call
 * may be sent once neither theoretical arrival time is further ahead than the tolerance, and moves both by what it costs. Calls
 * are booked in order, up to `maxWaitMs` ahead; all of it in one statement under the lock of the provider's row.
 */
export const takeRate = async (
  connection: CommonQueryMethods,
  request: RateRequest,
): Promise<RateResult[]> => {
  if (request.calls.length === 0) return [];
  const at = request.now.toISOString();
  const perMinute = (limit: number | null) =>
    limit === null ? sql.fragment`null::float8` : sql.fragment`${limit}::float8`;
  const book = async () =>
    connection.any(sql.type(Booking)`
      with recursive state as materialized (
        select
          provider,
          greatest(requests_at, blocked_until, ${at}) as requests_at,
          greatest(tokens_at, blocked_until, ${at}) as tokens_at,
          greatest(blocked_until, ${at}) as open_at,
          coalesce(60 / (${perMinute(request.requestsPerMinute)} * ${factorAt(at)}), 0) as request_seconds,
          coalesce(60 / (${perMinute(request.tokensPerMinute)} * ${factorAt(at)}), 0) as token_seconds
        from rate_limits
        where provider = ${request.provider}
        for update
      ), call as (
        select ordinal, tokens
        from unnest(${sql.array([...request.calls], 'int8')}) with ordinality as given (tokens, ordinal)
      ), booking as (
        select 0::bigint as ordinal, requests_at, tokens_at, open_at as send_at, true as is_granted
        from state
        union all
        select
          call.ordinal,
          case when wait.is_granted
            then greatest(booking.requests_at, wait.send_at) + make_interval(secs => state.request_seconds)
            else booking.requests_at end,
          case when wait.is_granted
            then greatest(booking.tokens_at, wait.send_at) + make_interval(secs => state.token_seconds * call.tokens)
            else booking.tokens_at end,
          wait.send_at,
          wait.is_granted
        from booking
        join call on call.ordinal = booking.ordinal + 1
        cross join state
        cross join lateral (
          select greatest(
            state.open_at,
            booking.requests_at - make_interval(secs => greatest(0, ${requestBurstSeconds}::float8 - state.request_seconds)),
            booking.tokens_at - make_interval(secs => ${tokenBurstSeconds}::float8)
          ) as send_at
        ) as earliest
        cross join lateral (
          select earliest.send_at, earliest.send_at <= ${at}::timestamptz + make_interval(secs => ${request.maxWaitMs / 1000}::float8)
            as is_granted
        ) as wait
      ), booked as (
        update rate_limits as l set
          requests_at = last.requests_at,
          tokens_at = last.tokens_at
        from (select requests_at, tokens_at from booking order by ordinal desc limit 1) as last
        where l.provider = ${request.provider} and exists (select 1 from booking where ordinal > 0 and is_granted)
      )
      select send_at as "sendAt", is_granted as "isGranted"
      from booking
      where ordinal > 0
      order by ordinal`);

  let bookings = await book();
  if (bookings.length === 0) {
    await ensureProvider(connection, request.provider);
    bookings = await book();
  }
  return bookings.map(({ sendAt, isGranted }) =>
    isGranted ? { sendAt: new Date(sendAt) } : { retryAt: new Date(sendAt) },
  );
};

/**
 * Blocks a provider for as long as it asked, and halves its limits (multiplicative decrease): once a second at most, because the
 * calls under way at that moment all come back with the same news.
 */
export const slowProvider = async (
  connection: CommonQueryMethods,
  { provider, now, blockedUntil, slowDown }: Slowdown,
): Promise<void> => {
  const at = now.toISOString();
  await ensureProvider(connection, provider);
  const halves = slowDown
    ? sql.fragment`(slowed_at is null or slowed_at <= ${at}::timestamptz - interval '1 second')`
    : sql.fragment`false`;
  await connection.query(sql.unsafe`
    update rate_limits set
      blocked_until = greatest(blocked_until, ${blockedUntil?.toISOString() ?? null}::timestamptz),
      factor = case when ${halves} then greatest(${smallestFactor}::float8, ${factorAt(at)} / 2) else factor end,
      slowed_at = case when ${halves} then ${at}::timestamptz else slowed_at end
    where provider = ${provider}`);
};

const PaceRow = z.object({ provider: z.string(), blockedUntil: Timestamp.nullable(), paceShare: z.number() });

export const providerPaces = async (
  connection: CommonQueryMethods,
  now: Date,
): Promise<readonly ProviderPace[]> => {
  const at = now.toISOString();
  return connection.any(sql.type(PaceRow)`
    select
      provider,
      case when blocked_until > ${at} then blocked_until end as "blockedUntil",
      ${factorAt(at)} as "paceShare"
    from rate_limits
    order by provider`);
};
