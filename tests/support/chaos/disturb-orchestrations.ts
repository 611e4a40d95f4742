import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ChaosHost } from './chaos-host.ts';

const Instances = z.array(z.object({ instanceId: z.string(), runtimeStatus: z.string() }));

/**
 * Ends the orchestrations of a batch and its lanes through the management API, as somebody with the portal could, and removes
 * them on demand. @returns how many; fewer when the host goes away meanwhile
 */
export const disturbOrchestrations = async (
  host: ChaosHost,
  batchId: string,
  isPurging: boolean,
): Promise<{ terminated: number; purged: number }> => {
  const done = { terminated: 0, purged: 0 };
  const answer = await host.manage('GET', 'instances?top=1000&runtimeStatus=Pending,Running');
  const instances = Instances.safeParse(answer?.body);
  if (!instances.success) return done;
  // Parents first: they must not see their lanes fail and start others.
  const sorted = [...instances.data].sort(
    (a, b) => Number(b.instanceId.startsWith(batchId)) - Number(a.instanceId.startsWith(batchId)),
  );
  for (const { instanceId } of sorted) {
    const path = `instances/${encodeURIComponent(instanceId)}`;
    const ended = await host.manage('POST', `${path}/terminate?reason=chaos`);
    if (ended?.status === 202) done.terminated += 1;
  }
  if (!isPurging) return done;
  await sleep(200);
  for (const { instanceId } of sorted) {
    const purged = await host.manage('DELETE', `instances/${encodeURIComponent(instanceId)}`);
    if (purged?.status === 200) done.purged += 1;
  }
  return done;
};
