import type { FormEvent, ReactNode } from 'react';
import type { ParameterDraft, ParameterFaults } from '../format/parameter-draft.ts';
import type { PlayDraft } from '../format/play-draft.ts';
import { Field } from './field.tsx';
import { MessageList } from './message-list.tsx';

type ParameterFieldsProps = {
  value: ParameterDraft;
  faults: ParameterFaults;
  onChange: (value: ParameterDraft) => void;
};

const ParameterFields = ({ value, faults, onChange }: ParameterFieldsProps) => {
  const input = (name: keyof ParameterDraft, label: string, placeholder = 'default') => (
    <Field label={label} fault={faults[name]} wide={name === 'more'}>
      {(control) => (
        <input
          {...control}
          inputMode={name === 'more' ? 'text' : 'decimal'}
          className={name === 'more' ? 'mono' : undefined}
          placeholder={placeholder}
          value={value[name]}
          onChange={({ target }) => onChange({ ...value, [name]: target.value })}
        />
      )}
    </Field>
  );
  return (
    <div className="fields">
      {input('temperature', 'Temperature')}
      {input('maxOutputTokens', 'Output tokens at most')}
      {input('topP', 'Top p')}
      {input('seed', 'Seed')}
      {input('more', 'Further parameters as JSON', '{"reasoningEffort": "low", "stop": ["END"]}')}
    </div>
  );
};

const Before = ({ draft, onChange }: Pick<PlayFormProps, 'draft' | 'onChange'>) => (
  <details>
    <summary>
      {draft.before.length === 1 ? 'One message' : `${draft.before.length} messages`} before the question
    </summary>
    <div className="stack">
      <MessageList messages={draft.before} />
      <div>
        <button type="button" className="button button-small" onClick={() => onChange({ before: [] })}>
          Leave them out
        </button>
      </div>
    </div>
  </details>
);

type PlayFormProps = {
  draft: PlayDraft;
  faults: ParameterFaults;
  onChange: (part: Partial<PlayDraft>) => void;
  onAsk: () => void;
  /** Buttons below. */
  children: ReactNode;
};

/** What is asked, with everything that goes along with it. */
export const PlayForm = ({ draft, faults, onChange, onAsk, children }: PlayFormProps) => {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAsk();
  };
  const { system, parameters } = draft;
  // The server gives every question a limit of its answer; that alone is nothing to look at.
  const { maxOutputTokens, ...special } = parameters;
  const hasMore = [system, ...Object.values(special), ...Object.values(faults)].some((text) => text !== '');
  return (
    <form className="card" onSubmit={submit}>
      {draft.before.length > 0 && <Before draft={draft} onChange={onChange} />}
      <Field label="Question" hint="Ctrl + Enter asks" wide>
        {(control) => (
          <textarea
            {...control}
            rows={4}
            value={draft.prompt}
            onChange={({ target }) => onChange({ prompt: target.value })}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) onAsk();
            }}
          />
        )}
      </Field>
      {draft.preprocessing !== null && (
        <p className="quiet small">
          Prepared as in the run that it comes from: {Object.keys(draft.preprocessing).join(', ')}.{' '}
          <button
            type="button"
            className="button button-small"
            onClick={() => onChange({ preprocessing: null })}
          >
            Send it as it is
          </button>
        </p>
      )}
      <details open={hasMore || undefined}>
        <summary>System message and parameters</summary>
        <div className="stack">
          <Field label="System message" wide>
            {(control) => (
              <textarea
                {...control}
                rows={2}
                value={system}
                onChange={({ target }) => onChange({ system: target.value })}
              />
            )}
          </Field>
          <ParameterFields
            value={parameters}
            faults={faults}
            onChange={(changed) => onChange({ parameters: changed })}
          />
        </div>
      </details>
      <div className="row">{children}</div>
    </form>
  );
};
