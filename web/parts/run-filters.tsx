import { type FormEvent, useEffect, useId, useState } from 'react';
import { Outcome } from '../../src/contract/inference.ts';
import { useProviders } from '../api/use-settings.ts';
import { toLocalInput, toTimestamp } from '../format/format-times.ts';
import { formatWord } from '../format/format-values.ts';
import type { FilterName, FilterReading } from '../format/run-filter.ts';
import { Field } from './field.tsx';

type RunFiltersProps = {
  search: URLSearchParams;
  faults: FilterReading['faults'];
  onChange: (changes: Partial<Record<FilterName, string>>) => void;
};

/** The filters of the address as a form. Choices hold at once; what is typed, when it is left or sent. */
export const RunFilters = ({ search, faults, onChange }: RunFiltersProps) => {
  const providers = useProviders().data ?? [];
  const modelsId = useId();
  const given = (name: FilterName) => search.get(name) ?? '';
  const [typed, setTyped] = useState<Partial<Record<FilterName, string>>>({});
  const address = search.toString();
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the address says wins over what was typed
  useEffect(() => setTyped({}), [address]);
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (Object.keys(typed).length > 0) onChange(typed);
  };
  const textInput = (name: FilterName, label: string, placeholder = '', type = 'text') => (
    <Field label={label} fault={faults[name]}>
      {(control) => (
        <input
          {...control}
          type={type}
          placeholder={placeholder}
          list={name === 'model' ? modelsId : undefined}
          value={typed[name] ?? given(name)}
          onChange={({ target }) => setTyped({ ...typed, [name]: target.value })}
          onBlur={() => send()}
        />
      )}
    </Field>
  );
  const timeInput = (name: 'from' | 'to', label: string) => (
    <Field label={label} fault={faults[name]}>
      {(control) => (
        <input
          {...control}
          type="datetime-local"
          value={toLocalInput(given(name) || undefined)}
          onChange={({ target }) => onChange({ [name]: toTimestamp(target.value) ?? '' })}
        />
      )}
    </Field>
  );
  return (
    <form className="fields fields-dense" onSubmit={send} aria-label="Filters">
      {textInput('text', 'Words', undefined, 'search')}
      <Field label="Provider">
        {(control) => (
          <select
            {...control}
            value={given('provider')}
            onChange={({ target }) => onChange({ provider: target.value })}
          >
            <option value="">any</option>
            {given('provider') !== '' && providers.every(({ name }) => name !== given('provider')) && (
              <option>{given('provider')}</option>
            )}
            {providers.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
      </Field>
      {textInput('model', 'Model')}
      <datalist id={modelsId}>
        {providers
          .flatMap(({ models }) => models ?? [])
          .map(({ id }) => (
            <option key={id} value={id} />
          ))}
      </datalist>
      <Field label="Outcome">
        {(control) => (
          <select
            {...control}
            value={given('outcome')}
            onChange={({ target }) => onChange({ outcome: target.value })}
          >
            <option value="">any</option>
            {Outcome.options.map((outcome) => (
              <option key={outcome} value={outcome}>
                {formatWord(outcome)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {timeInput('from', 'From')}
      {timeInput('to', 'To')}
      {textInput('metadata', 'Metadata', 'key:value')}
      <button type="submit" className="hidden-text" tabIndex={-1}>
        Apply
      </button>
    </form>
  );
};
