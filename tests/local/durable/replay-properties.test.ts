import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { executionStarted, type HistoryEvent, historyEvent } from '../../../local/durable/history-event.ts';
import type { Decision } from '../../../local/durable/orchestration-context.ts';
import { actionTypes, type OrchestratorAction } from '../../../local/durable/orchestrator-answer.ts';
import { type Replay, replayOrchestration } from '../../../local/durable/replay-orchestration.ts';

const retryOptions = fc.record({
  firstRetryIntervalInMilliseconds: fc.integer({ min: 1, max: 5_000 }),
  maxNumberOfAttempts: fc.integer({ min: 1, max: 3 }),
});
const functionName = fc.constantFrom('a', 'b');

const { tree } = fc.letrec<{ tree: OrchestratorAction; leaf: OrchestratorAction }>((tie) => ({
  leaf: fc.oneof(
    fc.record({ actionType: fc.constant(actionTypes.callActivity), functionName }),
    fc.record({ actionType: fc.constant(actionTypes.callActivityWithRetry), functionName, retryOptions }),
    fc.record({ actionType: fc.constant(actionTypes.callSubOrchestrator), functionName }),
    fc.record({
      actionType: fc.constant(actionTypes.createTimer),
      fireAt: fc.constant('2030-01-01T00:00:00.000Z'),
      isCanceled: fc.boolean(),
    }),
  ),
  tree: fc.oneof(
    { maxDepth: 2 },
    tie('leaf'),
    fc.record({
      actionType: fc.constantFrom(actionTypes.whenAll, actionTypes.whenAny),
      compoundActions: fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
    }),
  ),
}));
const program = fc.array(tree, { maxLength: 4 });
/** Which open task ends next, how, and whether an episode comes before the next one. */
const ends = fc.array(fc.record({ pick: fc.nat(), failed: fc.boolean(), episode: fc.boolean() }), {
  minLength: 80,
  maxLength: 80,
});

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString();

const play = (actions: OrchestratorAction[], history: HistoryEvent[]): Replay =>
  replayOrchestration({
    history,
    answer: { isDone: true, output: 'end', actions, thrown: false, crash: null },
    name: 'main',
    executionId: 'e',
    knows: () => true,
  });

const recordOf = (decision: Decision): HistoryEvent => {
  const types = {
    activity: 'taskScheduled',
    subOrchestration: 'subOrchestrationCreated',
    timer: 'timerCreated',
  } as const;
  return historyEvent(
    types[decision.kind],
    at(0),
    'name' in decision ? { Name: decision.name } : {},
    decision.id,
  );
};

const endOf = (decision: Decision, failed: boolean): HistoryEvent => {
  if (decision.kind === 'timer') return historyEvent('timerFired', at(0), { TimerId: decision.id });
  const kind = decision.kind === 'activity' ? 'task' : 'subOrchestration';
  return historyEvent(`${kind}${failed ? 'Failed' : 'Completed'}`, at(0), { TaskScheduledId: decision.id });
};

type Run = { decisions: Decision[]; arrivals: HistoryEvent[]; last: Replay; history: HistoryEvent[] };

/** Runs a program to its end; `next` gives what has arrived before each episode, null: nothing ever will. */
const run = (
  actions: OrchestratorAction[],
  next: (open: Decision[], replay: Replay) => HistoryEvent[] | null,
): Run => {
  const start = { instanceId: 'i', executionId: 'e', name: 'main', input: null, parent: null, generation: 0 };
  const history = [
    historyEvent('orchestratorStarted', at(0)),
    executionStarted({ ...start, timestamp: at(0) }),
  ];
  const decisions: Decision[] = [];
  const arrivals: HistoryEvent[] = [];
  for (let second = 1; ; second++) {
    const last = play(actions, history);
    expect(play(actions, history).decisions).toEqual(last.decisions);
    decisions.push(...last.decisions);
    history.push(...last.decisions.map(recordOf), historyEvent('orchestratorCompleted', at(second)));
    const ended = new Set(arrivals.map(({ TaskScheduledId, TimerId }) => TaskScheduledId ?? TimerId));
    const open = decisions.filter(({ id }) => !ended.has(id) && last.after.context.openTasks.has(id));
    const fresh = last.completion === null ? next(open, last) : null;
    if (fresh === null) return { decisions, arrivals, last, history };
    arrivals.push(...fresh);
    history.push(historyEvent('orchestratorStarted', at(second)), ...fresh);
  }
};

const randomly = (
  actions: OrchestratorAction[],
  choices: { pick: number; failed: boolean; episode: boolean }[],
): Run => {
  let used = 0;
  return run(actions, (open) => {
    const left = [...open];
    const fresh: HistoryEvent[] = [];
    while (left.length > 0) {
      const choice = choices[used++ % choices.length] ?? { pick: 0, failed: false, episode: true };
      const [decision] = left.splice(choice.pick % left.length, 1);
      if (decision !== undefined) fresh.push(endOf(decision, choice.failed));
      if (choice.episode) break;
    }
    return fresh.length === 0 ? null : fresh;
  });
};

describe('the replay', () => {
  it('ends every program, with numbers from 0 without a gap, only when no task is open', () => {
    fc.assert(
      fc.property(program, ends, (actions, choices) => {
        const { decisions, last } = randomly(actions, choices);
        expect(last.completion).toEqual({ status: 'Completed', output: 'end' });
        expect(last.after.context.openTasks.size).toBe(0);
        expect(decisions.map(({ id }) => id)).toEqual(decisions.map((_, index) => index));
      }),
      { numRuns: 150 },
    );
  });

  it('gives the same numbers however completions fall together into episodes', () => {
    fc.assert(
      fc.property(program, ends, (actions, choices) => {
        const grouped = randomly(actions, choices);
        const queue = [...grouped.arrivals];
        const single = run(actions, () => queue.splice(0, 1));
        const numbered = ({ decisions }: Run) =>
          decisions.map((decision) => ({ ...decision, fireAt: undefined }));
        expect(numbered(single)).toEqual(numbered(grouped));
        expect(single.last.completion).toEqual(grouped.last.completion);
      }),
      { numRuns: 150 },
    );
  });

  it('notices a history that another program wrote', () => {
    fc.assert(
      fc.property(program, ends, fc.nat(), (actions, choices, pick) => {
        const { decisions, history } = randomly(actions, choices);
        const calls = decisions.filter(({ kind }) => kind !== 'timer');
        fc.pre(calls.length > 0);
        const changed = calls[pick % calls.length]?.id;
        const other = history.map((event) =>
          event.EventId === changed ? { ...event, Name: 'somebody else' } : event,
        );
        const { completion, after } = play(actions, other);
        expect(after.nonDeterminism).toBe(true);
        expect(completion).toMatchObject({
          status: 'Failed',
          reason: expect.stringContaining('somebody else'),
        });
        const missing = play(actions.slice(0, 0), history);
        expect(missing.completion).toMatchObject({
          reason: expect.stringContaining("hasn't (yet?) scheduled"),
        });
      }),
      { numRuns: 100 },
    );
  });
});
