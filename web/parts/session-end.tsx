import { useEffect, useState } from 'react';
import { useGoToEntra, useSignInMethods } from '../api/use-entra.ts';
import { useRenewSession, useSession } from '../api/use-session.ts';
import { describeSignInFault } from '../format/sign-in-fault.ts';
import { AgoText } from './time-text.tsx';

/** How long before its end a session is renewed. */
const aheadMs = 5 * 60_000;
/** Entra's tokens last ten minutes at least; should one last less than that, it isn't renewed without a pause. */
const leastWaitMs = 2000;

/**
 * Keeps a session with Entra open while its page is, because an Entra token lasts an hour only. Where that cannot be done (the
 * page was loaded again since the sign-in, or Entra says no), it says in time that the session ends, and how to go on.
 */
export const SessionEnd = () => {
  const { data: session, refetch } = useSession();
  const { mutateAsync: renew } = useRenewSession();
  const [endingMs, setEndingMs] = useState<number | null>(null);
  const endsAtMs = session?.credential === 'entra' ? session.endsAtMs : null;
  const isEnding = endsAtMs !== null && endsAtMs === endingMs;
  const entra = useSignInMethods(isEnding).data?.entra ?? null;
  const again = useGoToEntra(entra);

  useEffect(() => {
    if (endsAtMs === null) return;
    const prolong = async () => {
      // Another tab may have renewed it: they share the cookie.
      const { data: latest } = await refetch();
      if (latest?.endsAtMs !== endsAtMs) return;
      await renew().catch(() => setEndingMs(endsAtMs));
    };
    const timer = setTimeout(() => void prolong(), Math.max(leastWaitMs, endsAtMs - aheadMs - Date.now()));
    return () => clearTimeout(timer);
  }, [endsAtMs, refetch, renew]);

  if (!isEnding || session == null) return null;
  return (
    <div className="notice notice-row" role="status">
      <strong>
        Your sign-in ends <AgoText at={new Date(endsAtMs).toISOString()} />
      </strong>
      {again.isError && <p>{describeSignInFault(again.error).text}</p>}
      <button
        type="button"
        className="button"
        disabled={entra === null || again.isPending}
        onClick={() => again.mutate(session.owner)}
      >
        Sign in again
      </button>
    </div>
  );
};
