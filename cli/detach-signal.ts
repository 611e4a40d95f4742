/** A second signal so soon is the same one again: a terminal sends ctrl-C to the whole group, and npm passes it on as well. */
const repeatMs = 1_000;

/** Aborts when this process is asked to leave by ctrl-C, SIGTERM or a closed terminal. Asked again, it ends at once. */
export function createDetachSignal(): AbortSignal {
  const controller = new AbortController();
  let askedAt: number | null = null;
  const ask = () => {
    if (askedAt !== null && Date.now() - askedAt > repeatMs) process.exit(130);
    askedAt ??= Date.now();
    controller.abort(new Error('left before the end'));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, ask);
  return controller.signal;
}
