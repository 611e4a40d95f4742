import type { ProviderInfo } from '../../src/contract/provider-info.ts';
import { type BatchDraft, type DraftFaults, newTarget, type TargetDraft } from '../format/batch-draft.ts';
import { CheckField, Field } from './field.tsx';
import { Icon } from './icon.tsx';
import { firstChoice, ModelSelect } from './model-select.tsx';

type BatchFieldsProps = {
  draft: BatchDraft;
  faults: DraftFaults;
  providers: readonly ProviderInfo[];
  onChange: (draft: BatchDraft) => void;
};

const maxTargets = 50;

/** Who is asked: one row a target. */
export const TargetFields = ({ draft, faults, providers, onChange }: BatchFieldsProps) => {
  const change = (key: string, part: Partial<TargetDraft>) =>
    onChange({
      ...draft,
      targets: draft.targets.map((target) => (target.key === key ? { ...target, ...part } : target)),
    });
  const wrong = Object.entries(faults).filter(([place]) => place.startsWith('targets'));
  return (
    <fieldset className="card">
      <legend className="hidden-text">Targets</legend>
      <h2>Who is asked</h2>
      <div className="target-row target-head" aria-hidden="true">
        <span>Provider and model</span>
        <span>Temperature</span>
        <span>Max. tokens</span>
        <span />
      </div>
      {draft.targets.map((target, index) => (
        <div key={target.key} className="target-row">
          <ModelSelect
            label={`target ${index + 1}`}
            providers={providers}
            value={target}
            onChange={(choice) => change(target.key, choice)}
            placeholder="model (as the lines say)"
          />
          <input
            aria-label={`Temperature of target ${index + 1}`}
            inputMode="decimal"
            placeholder="temperature"
            value={target.temperature}
            onChange={({ target: input }) => change(target.key, { temperature: input.value })}
          />
          <input
            aria-label={`Output tokens of target ${index + 1} at most`}
            inputMode="numeric"
            placeholder="max. tokens"
            value={target.maxOutputTokens}
            onChange={({ target: input }) => change(target.key, { maxOutputTokens: input.value })}
          />
          <button
            type="button"
            className="button button-bare"
            aria-label={`Remove target ${index + 1}`}
            disabled={draft.targets.length === 1}
            onClick={() =>
              onChange({ ...draft, targets: draft.targets.filter(({ key }) => key !== target.key) })
            }
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      {wrong.map(([place, message]) => (
        <p key={place} className="field-fault">
          Target {Number(place.split('/')[1] ?? 0) + 1}: {message}
        </p>
      ))}
      <div>
        <button
          type="button"
          className="button button-small"
          disabled={draft.targets.length >= maxTargets}
          onClick={() =>
            onChange({ ...draft, targets: [...draft.targets, newTarget(firstChoice(providers))] })
          }
        >
          <Icon name="plus" />
          Add a target
        </button>
      </div>
    </fieldset>
  );
};

/** How often, how fast, and up to which cost. */
export const LimitFields = ({
  draft,
  faults,
  onChange,
  withName = false,
}: Omit<BatchFieldsProps, 'providers'> & { withName?: boolean }) => {
  const number = (
    name: 'repetitions' | 'concurrency' | 'maxCostUsd' | 'maxTokens' | 'maxAttempts',
    label: string,
    hint: string,
    placeholder = '',
  ) => (
    <Field label={label} hint={hint} fault={faults[name]}>
      {(control) => (
        <input
          {...control}
          inputMode="decimal"
          placeholder={placeholder}
          value={draft[name]}
          onChange={({ target }) => onChange({ ...draft, [name]: target.value })}
        />
      )}
    </Field>
  );
  return (
    <fieldset className="card">
      <legend className="hidden-text">Limits</legend>
      <h2>How often, how fast, how much</h2>
      <div className="fields fields-short">
        {withName && (
          <Field label="Name" hint="For finding it again" fault={faults.name}>
            {(control) => (
              <input
                {...control}
                value={draft.name}
                maxLength={200}
                placeholder="optional"
                onChange={({ target }) => onChange({ ...draft, name: target.value })}
              />
            )}
          </Field>
        )}
        {number('repetitions', 'Repetitions', 'Samples of each question')}
        {number('concurrency', 'Concurrency', 'Calls at once, up to 512')}
        {number('maxAttempts', 'Attempts', 'Per question, before a failure is final')}
        {number('maxCostUsd', 'Cost cap (USD)', 'Hard limit; needs known prices', 'none')}
        {number('maxTokens', 'Token cap', 'Input and output together', 'none')}
      </div>
      <div className="row">
        <CheckField
          label="Ask identical questions once"
          checked={draft.shareIdentical}
          onChange={(shareIdentical) => onChange({ ...draft, shareIdentical })}
        />
        <CheckField
          label="Ask again when an answer was lost"
          checked={draft.resend}
          onChange={(resend) => onChange({ ...draft, resend })}
        />
      </div>
    </fieldset>
  );
};
