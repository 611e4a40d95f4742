import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { CreateInference, type Message } from '../../src/contract/inference.ts';
import { cancelInference, streamInference } from '../api/inference-stream.ts';
import { playgroundLabels } from '../format/playground-rounds.ts';
import type { ModelChoice } from './model-select.tsx';
import type { PlayState } from './play-column.tsx';

export type PlayTarget = ModelChoice & { key: string };
export type PlayQuestion = { messages: Message[]; parameters: Record<string, unknown> };

/** Asks several targets at once and keeps how far each has come. What is still under way when the page is left goes on. */
export const usePlayground = () => {
  const queryClient = useQueryClient();
  const [states, setStates] = useState<Record<string, PlayState>>({});
  const running = useRef(new Map<string, { abort: AbortController; id: string | null }>());
  const isThere = useRef(true);
  useEffect(() => {
    isThere.current = true;
    return () => {
      isThere.current = false;
    };
  }, []);

  const update = (key: string, change: (state: PlayState) => PlayState) => {
    if (isThere.current) setStates((all) => ({ ...all, [key]: change(all[key] ?? { kind: 'idle' }) }));
  };
  const textOf = (state: PlayState) => (state.kind === 'asking' ? state.text : '');

  const askOne = async ({ key, provider, model }: PlayTarget, question: PlayQuestion, round: string) => {
    const abort = new AbortController();
    const call = { abort, id: null as string | null };
    running.current.set(key, call);
    update(key, () => ({ kind: 'asking', text: '', id: null }));
    try {
      const request = CreateInference.parse({
        ...question,
        provider,
        model: model.trim(),
        metadata: playgroundLabels(round),
      });
      const run = await streamInference(
        request,
        {
          onStart: (id) => {
            call.id = id;
            update(key, (state) => ({ kind: 'asking', text: textOf(state), id }));
          },
          onText: (text) =>
            update(key, (state) => ({ kind: 'asking', text: textOf(state) + text, id: call.id })),
        },
        abort.signal,
      );
      update(key, () => ({ kind: 'answered', run }));
    } catch (thrown) {
      const error = abort.signal.aborted
        ? new Error('Stopped. What became of it stands under Runs.')
        : thrown;
      update(key, (state) => ({ kind: 'failed', error, text: textOf(state) }));
    } finally {
      if (running.current.get(key) === call) running.current.delete(key);
    }
  };

  const ask = async (targets: readonly PlayTarget[], question: PlayQuestion) => {
    const round = crypto.randomUUID();
    await Promise.all(targets.map((target) => askOne(target, question, round)));
    await queryClient.invalidateQueries({ queryKey: ['inferences'] });
  };
  const stop = () => {
    for (const { abort, id } of running.current.values()) {
      // One that streams ends by itself, and its end says what became of it.
      if (id === null) abort.abort();
      else cancelInference(id).catch(() => abort.abort());
    }
  };
  const isAsking = Object.values(states).some(({ kind }) => kind === 'asking');
  return { states, ask, stop, isAsking };
};
