import { describe, expect, it } from '@jest/globals';
import { eventTypes, type HistoryEvent } from '../../../local/durable/history-event.ts';
import type { Decision } from '../../../local/durable/orchestration-context.ts';
import { readAnswer, readThrownAnswer } from '../../../local/durable/orchestrator-answer.ts';
import { type Replay, replayOrchestration } from '../../../local/durable/replay-orchestration.ts';
import {
  type Episode,
  executionsOf,
  readTrace,
  registeredNames,
  type Trace,
  traceNames,
} from '../../support/durable-traces.ts';

/** Left out: rewinding changes the history in place (25), and its instances are the only ones not replayed. */
const rewound = (episode: Episode): boolean => episode.input.history.some((event) => event.EventType === 17);
/** The worker was killed before it answered (23b). */
const unanswered = ({ output }: Episode): boolean => !output?.actions && !output?.thrown;

const answerOf = ({ output }: Episode) =>
  output.thrown === undefined
    ? readAnswer(JSON.stringify(output))
    : readThrownAnswer(new Error(output.thrown.message));

const replay = (trace: Trace, episode: Episode): Replay => {
  const { history } = episode.input;
  const started = history.find((event) => event.EventType === eventTypes.executionStarted);
  const names = {
    activity: registeredNames(trace, 'activity'),
    orchestrator: registeredNames(trace, 'orchestration'),
  };
  return replayOrchestration({
    history,
    answer: answerOf(episode),
    name: started?.Name ?? '',
    executionId: started?.OrchestrationInstance?.ExecutionId ?? '',
    knows: (kind, name) => names[kind].has(name.toLowerCase()),
  });
};

const decided = (decision: Decision) => {
  if (decision.kind === 'activity') return { type: 4, id: decision.id, name: decision.name };
  if (decision.kind === 'timer') return { type: 10, id: decision.id };
  return { type: 7, id: decision.id, name: decision.name, instanceId: decision.instanceId };
};

const recorded = (event: HistoryEvent) => {
  const { EventType: type, EventId: id, Name: name } = event;
  if (type === 10) return { type, id };
  return type === 4 ? { type, id, name } : { type, id, name, instanceId: event.InstanceId };
};

const isScheduling = ({ EventType }: HistoryEvent) => [4, 7, 10].includes(EventType);

/** What the extension wrote right after an episode: up to the next `OrchestratorStarted`. */
const writtenAfter = (episode: Episode, next: Episode): HistoryEvent[] => {
  const rest = next.input.history.slice(episode.input.history.length);
  const end = rest.findIndex((event) => event.EventType === eventTypes.orchestratorStarted);
  return rest.slice(0, end);
};

/** The last status that the management API answered about each instance. */
const finalStatuses = (trace: Trace): Map<string, { runtimeStatus: string; output: unknown }> => {
  const statuses = new Map<string, { runtimeStatus: string; output: unknown }>();
  for (const { response, request } of trace.http ?? []) {
    if (request.method !== 'GET' || !response.bodyText?.startsWith('{"name"')) continue;
    try {
      const body = JSON.parse(response.bodyText);
      statuses.set(body.instanceId, body);
    } catch {
      // A shortened payload.
    }
  }
  return statuses;
};

describe.each(traceNames)('replay of recording %s', (name) => {
  const trace = readTrace(name);
  const executions = executionsOf(trace).filter(
    (episodes) => !episodes.some((episode) => rewound(episode) || unanswered(episode)),
  );

  it('decides what the extension decided, with its numbers', () => {
    for (const episodes of executions) {
      episodes.forEach((episode, index) => {
        const next = episodes[index + 1];
        if (next === undefined) return;
        const result = replay(trace, episode);
        expect(result.completion).toBeNull();
        expect(result.decisions.map(decided)).toEqual(
          writtenAfter(episode, next).filter(isScheduling).map(recorded),
        );
      });
    }
  });

  it('ends when and as the extension ended', () => {
    const statuses = finalStatuses(trace);
    for (const episodes of executions) {
      const last = episodes.at(-1);
      if (last === undefined) continue;
      const { completion } = replay(trace, last);
      const status = statuses.get(last.input.instanceId);
      const later = trace.episodes.slice(trace.episodes.indexOf(last) + 1);
      const again = later.some(({ input }) => input.instanceId === last.input.instanceId);
      // Terminated after its status was last read.
      const cleanedUp = completion?.status === 'Terminated' && status?.runtimeStatus !== 'Terminated';
      if (again || cleanedUp || status === undefined) continue;
      const name = { instance: last.input.instanceId };
      expect({ ...name, status: completion?.status ?? 'Running' }).toEqual({
        ...name,
        status: ['Suspended', 'Pending'].includes(status.runtimeStatus) ? 'Running' : status.runtimeStatus,
      });
      if (completion?.status === 'Completed') {
        expect(completion.output ?? null).toEqual(status.output);
      } else if (completion?.status === 'Failed' && completion.failureDetails === null) {
        expect(completion.reason).toBe(status.output);
      } else if (completion?.status === 'Terminated') {
        expect(completion.reason).toBe(status.output);
      }
    }
  });
});
