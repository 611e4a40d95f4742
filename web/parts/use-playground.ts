import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { CreateInference, type Inference } from '../../src/contract/inference.ts';
import { cancelInference, streamInference } from '../api/inference-stream.ts';
import type { PlayTarget } from '../format/play-draft.ts';
import { playgroundLabels } from '../format/playground-rounds.ts';

export type PlayQuestion = Pick<CreateInference, 'messages' | 'parameters' | 'preprocessing'>;

/** An answer on its way: `pieces` of text so far, and when the first of them came, in epoch ms. */
export type Asking = {
  kind: 'asking';
  id: string | null;
  text: string;
  pieces: number;
  askedAtMs: number;
  firstTextAtMs: number | null;
};
/** How far one column has come. */
export type PlayState =
  | { kind: 'idle' }
  | Asking
  | { kind: 'answered'; run: Inference }
  | { kind: 'failed'; error: unknown; text: string };

const asking = (id: string | null, askedAtMs: number): Asking => ({
  kind: 'asking',
  id,
  text: '',
  pieces: 0,
  askedAtMs,
  firstTextAtMs: null,
});

const stateOf = (run: Inference): PlayState =>
  run.status === 'settled' ? { kind: 'answered', run } : asking(run.id, Date.parse(run.createdAt));

/**
 * Asks several targets at once and keeps how far each has come. Whoever leaves the page listens no longer; what is under way goes
 * on and is recorded.
 */
export const usePlayground = () => {
  const queryClient = useQueryClient();
  const [states, setStates] = useState<Record<string, PlayState>>({});
  const running = useRef(new Map<string, AbortController>());
  useEffect(() => {
    const calls = running.current;
    return () => {
      for (const abort of calls.values()) abort.abort();
    };
  }, []);

  const askOne = async (
    { key, provider, model }: PlayTarget,
    question: PlayQuestion,
    round: string,
    column: number,
  ) => {
    const abort = new AbortController();
    running.current.set(key, abort);
    const set = (state: PlayState) => setStates((all) => ({ ...all, [key]: state }));
    let state = asking(null, Date.now());
    const goOn = (change: Partial<Asking>) => {
      state = { ...state, ...change };
      set(state);
    };
    set(state);
    try {
      const request = CreateInference.parse({
        ...question,
        provider,
        model: model.trim(),
        metadata: playgroundLabels(round, column),
      });
      const run = await streamInference(
        request,
        {
          onStart: (id) => goOn({ id }),
          onText: (text) =>
            goOn({
              text: state.text + text,
              pieces: state.pieces + 1,
              firstTextAtMs: state.firstTextAtMs ?? Date.now(),
            }),
        },
        abort.signal,
      );
      set({ kind: 'answered', run });
    } catch (thrown) {
      const error = abort.signal.aborted
        ? new Error('Stopped. What became of it stands under Runs.')
        : thrown;
      set({ kind: 'failed', error, text: state.text });
    } finally {
      if (running.current.get(key) === abort) running.current.delete(key);
    }
  };

  /** @returns the round under which the answers are found again */
  const ask = (targets: readonly PlayTarget[], question: PlayQuestion): string => {
    const round = crypto.randomUUID();
    setStates({});
    void Promise.all(targets.map((target, column) => askOne(target, question, round, column))).then(() =>
      queryClient.invalidateQueries({ queryKey: ['inferences'] }),
    );
    return round;
  };
  /** Shows runs as they are, each in the column with its id. */
  const restore = (runs: readonly Inference[]) =>
    setStates(Object.fromEntries(runs.map((run) => [run.id, stateOf(run)])));
  const stop = () => {
    for (const [key, state] of Object.entries(states)) {
      const abort = () => running.current.get(key)?.abort();
      if (state.kind !== 'asking') continue;
      // One that streams ends by itself, and its end says what became of it.
      if (state.id === null) abort();
      else cancelInference(state.id).catch(abort);
    }
  };
  const isAsking = Object.values(states).some(({ kind }) => kind === 'asking');
  return { states, ask, restore, stop, isAsking };
};
