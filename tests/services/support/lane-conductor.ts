import type { BatchConductor, ConductorState } from '../../../src/services/batches/batch-conductor.ts';
import type { LaneReport, LaneTurn } from '../../../src/services/lanes/batch-runner.ts';

export type LaneConductor = BatchConductor & {
  /** Every turn that has ended, in order. */
  readonly reports: readonly (LaneTurn & LaneReport)[];
  /** Resolves when no lane runs any more. @throws what a lane threw */
  idle(): Promise<void>;
};

/**
 * Runs the lanes of a batch in this process, as the orchestrators do: turn after turn, sleeping where a turn says so.
 * @param runnerOf gives the process that a lane runs in.
 */
export const createLaneConductor = (
  runnerOf: (lane: number) => { runLane(turn: LaneTurn): Promise<LaneReport> },
): LaneConductor => {
  const reports: (LaneTurn & LaneReport)[] = [];
  const states = new Map<string, ConductorState>();
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const nameOf = (id: string, generation: number) => `${id}-${generation}`;

  const conduct = async (batchId: string, generation: number, lane: number): Promise<void> => {
    for (let round = 1; ; round += 1) {
      const turn = { batchId, generation, lane, round };
      const report = await runnerOf(lane).runLane(turn);
      reports.push({ ...turn, ...report });
      if (report.next === 'done') return;
      const waitMs = report.until === null ? 0 : Date.parse(report.until) - Date.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  };

  return {
    reports,
    start: async ({ id, generation, lanes }) => {
      const name = nameOf(id, generation);
      if (states.has(name)) return;
      states.set(name, 'running');
      const all = Array.from({ length: lanes }, (_, lane) => conduct(id, generation, lane));
      const work: Promise<void> = Promise.all(all)
        .catch((error: unknown) => void failures.push(error))
        .then(() => {
          states.set(name, 'ended');
          running.delete(work);
        });
      running.add(work);
    },
    state: async (batchId, generation) => states.get(nameOf(batchId, generation)) ?? 'missing',
    idle: async () => {
      while (running.size > 0) await Promise.all(running);
      if (failures.length > 0) throw failures[0];
    },
  };
};
