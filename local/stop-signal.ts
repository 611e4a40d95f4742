/** A second signal so soon is the same one again: a terminal sends ctrl-C to the whole group, and npm passes it on as well. */
const repeatMs = 1_000;
const parentCheckMs = 1_000;

/**
 * Aborts when this process is asked to stop: by ctrl-C, SIGTERM, a closed terminal, or the end of the npm that runs it (npm's shell
 * dies of a SIGTERM without passing it on). Asked again, the process ends at once; what it has started notices and ends, too.
 */
export function createStopSignal(reason: string): AbortSignal {
  const controller = new AbortController();
  let askedAt: number | null = null;
  const ask = () => {
    if (askedAt !== null && Date.now() - askedAt > repeatMs) process.exit(130);
    askedAt ??= Date.now();
    controller.abort(new Error(reason));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, ask);
  if (process.env.npm_lifecycle_event !== undefined) {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent && !controller.signal.aborted) ask();
    }, parentCheckMs).unref();
  }
  return controller.signal;
}
