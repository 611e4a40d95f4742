import { callOrchestrator } from './call-functions.ts';
import { dotNetTime } from './dotnet-values.ts';
import type { EngineOptions } from './durable-engine.ts';
import { type EpisodeCommit, type InboxMessage, type InstanceRecord, isTerminal } from './durable-records.ts';
import { episodeCommit } from './episode-commit.ts';
import { eventTypes, type HistoryEvent, historyEvent } from './history-event.ts';
import { type OrchestratorAnswer, readThrownAnswer } from './orchestrator-answer.ts';
import { type Replay, replayOrchestration } from './replay-orchestration.ts';
import { type FunctionKind, UnsupportedActionError } from './start-action.ts';
import { strictViolation } from './strict-rules.ts';

export type EpisodeRunner = {
  /** One episode of an instance: what it wrote, and whether it left messages; null: there was nothing to do. */
  run(id: string): Promise<{ written: EpisodeCommit; left: boolean } | null>;
  /** The instance is replaced or removed. */
  forget(id: string): void;
};

/** Histories that are kept in memory; the others are read again. */
const maxCached = 1000;

const isStart = ({ event }: InboxMessage): boolean => event.EventType === eventTypes.executionStarted;

/** Reads what has come for an instance, calls its orchestrator, replays the answer, and writes what follows. */
export const createEpisodeRunner = (options: EngineOptions & { open(): boolean }): EpisodeRunner => {
  const { store, clock, report, functions } = options;
  const cache = new Map<string, { executionId: string; history: HistoryEvent[] }>();
  const knows = (kind: FunctionKind, name: string): boolean =>
    (kind === 'activity' ? functions.activities : functions.orchestrators).has(name.toLowerCase());

  const readHistory = ({ id, executionId }: InstanceRecord): HistoryEvent[] => {
    const cached = cache.get(id);
    return cached?.executionId === executionId ? cached.history : store.history(id);
  };
  const keep = (written: EpisodeCommit, past: HistoryEvent[]): void => {
    const { id, executionId, status } = written.instance;
    cache.delete(id);
    if (isTerminal(status)) return;
    const history = written.clearHistory ? [] : [...past, ...written.appended];
    cache.set(id, { executionId, history });
    const oldest = cache.keys().next().value;
    if (cache.size > maxCached && oldest !== undefined) cache.delete(oldest);
  };

  /** The events of one episode; the start alone begins a generation after continue-as-new. */
  const take = (messages: (InboxMessage & { key: number })[], past: HistoryEvent[], now: number) => {
    const started = historyEvent('orchestratorStarted', dotNetTime(now));
    if (past.length > 0) {
      return {
        fresh: [started, ...messages.map(({ event }) => event)],
        consumed: messages.map(({ key }) => key),
      };
    }
    const start = messages.find(isStart);
    if (start === undefined) return null;
    // Only continue-as-new gives an execution an id without dashes.
    const continued = start.event.OrchestrationInstance?.ExecutionId.includes('-') === false;
    if (continued) {
      const completed = historyEvent('orchestratorCompleted', dotNetTime(now));
      return { fresh: [started, start.event, completed], consumed: [start.key] };
    }
    const rest = messages.filter((message) => message !== start);
    return {
      fresh: [started, ...[start, ...rest].map(({ event }) => event)],
      consumed: [start, ...rest].map(({ key }) => key),
    };
  };

  const ask = async (
    instance: InstanceRecord,
    past: HistoryEvent[],
    history: HistoryEvent[],
  ): Promise<OrchestratorAnswer> => {
    const orchestrator = functions.orchestrators.get(instance.name.toLowerCase());
    if (orchestrator === undefined) {
      if (options.strict) report.warn(`strict: there is no orchestrator "${instance.name}" (${instance.id})`);
      return readThrownAnswer(
        `The function '${instance.name}' doesn't exist, is disabled, or is not an orchestrator function.`,
      );
    }
    const isReplaying = past.length > 0;
    return callOrchestrator({ invoke: options.invoke, orchestrator, instance, history, isReplaying });
  };

  const replayed = (
    instance: InstanceRecord,
    history: HistoryEvent[],
    answer: OrchestratorAnswer,
  ): Replay => {
    const { name, executionId } = instance;
    const replay = replayOrchestration({ history, answer, name, executionId, knows });
    if (!options.strict) return replay;
    const where = `orchestration ${name} (${instance.id})`;
    if (replay.after.nonDeterminism && replay.completion?.status === 'Failed') {
      report.warn(`strict: ${where}: ${replay.completion.reason}`);
    }
    const violation = strictViolation({ answer, replay, knows });
    if (violation === null || replay.completion?.status === 'Terminated') return replay;
    report.warn(`strict: ${where}: ${violation}`);
    const completion = {
      status: 'Failed',
      reason: `Strict mode: ${violation}`,
      details: null,
      failureDetails: null,
    } as const;
    return { ...replay, decisions: [], completion };
  };

  const safely = (instance: InstanceRecord, history: HistoryEvent[], answer: OrchestratorAnswer): Replay => {
    try {
      return replayed(instance, history, answer);
    } catch (error) {
      if (!(error instanceof UnsupportedActionError)) throw error;
      report.warn(`orchestration ${instance.name} (${instance.id}): ${error.message}`);
      return replayed(instance, history, readThrownAnswer(error));
    }
  };

  return {
    forget: (id) => cache.delete(id),
    run: async (id) => {
      const instance = store.instance(id);
      const now = clock.now();
      const all = store.inbox(id, now);
      if (all.length === 0) return null;
      const mine = all.filter(
        ({ executionId }) => executionId === null || executionId === instance?.executionId,
      );
      if (instance === null || isTerminal(instance.status) || mine.length === 0) {
        store.discard(all.map(({ key }) => key));
        return null;
      }
      const stale = all.filter((message) => !mine.includes(message)).map(({ key }) => key);
      const past = readHistory(instance);
      const taken = take(mine, past, now);
      if (taken === null) return null;
      const history = [...past, ...taken.fresh];
      const answer = await ask(instance, past, history);
      if (!options.open()) return null;
      const replay = safely(instance, history, answer);
      const written = episodeCommit({
        instance,
        fresh: taken.fresh,
        consumed: [...taken.consumed, ...stale],
        replay,
        now: clock.now(),
      });
      // A running sub-orchestration of the same id stays; the extension drops the second start as well.
      written.children = written.children.filter((child) => {
        const existing = store.instance(child.id);
        const free = existing === null || isTerminal(existing.status);
        if (!free)
          report.warn(`sub-orchestration ${child.id} is already running; its parent ${id} waits for ever`);
        return free;
      });
      for (const child of written.children) cache.delete(child.id);
      store.commit(written);
      keep(written, past);
      return { written, left: written.consumed.length < all.length };
    },
  };
};
