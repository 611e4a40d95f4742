import { type FormEvent, useEffect, useId, useState } from 'react';
import { Link } from 'wouter';
import { Outcome } from '../../src/contract/inference.ts';
import { useProviders } from '../api/use-settings.ts';
import { toLocalInput, toTimestamp } from '../format/format-times.ts';
import { formatWord } from '../format/format-values.ts';
import { countFilters, type FilterName, type FilterReading, windows } from '../format/run-filter.ts';
import { ChoiceField } from './choice-field.tsx';
import { Field } from './field.tsx';

type RunFiltersProps = {
  search: URLSearchParams;
  faults: FilterReading['faults'];
  onChange: (changes: Partial<Record<FilterName, string>>) => void;
  /** False: words are typed elsewhere on the page. */
  hasWords?: boolean;
};

const windowNames: Readonly<Record<string, string>> = {
  '': 'all time',
  ...Object.fromEntries(Object.entries(windows).map(([key, { name }]) => [key, name])),
  custom: 'from … to',
};
const outcomeNames: Readonly<Record<string, string>> = {
  '': 'any',
  ...Object.fromEntries(Outcome.options.map((outcome) => [outcome, formatWord(outcome)])),
  sending: 'still being sent',
};

/**
 * The filters of the address as a form. Choices hold at once; what is typed, when it is left or sent. On a narrow screen they
 * wait behind a button.
 */
export const RunFilters = ({ search, faults, onChange, hasWords = true }: RunFiltersProps) => {
  const providers = useProviders().data ?? [];
  const modelsId = useId();
  const formId = useId();
  const given = (name: FilterName) => search.get(name) ?? '';
  const [typed, setTyped] = useState<Partial<Record<FilterName, string>>>({});
  const [isOpen, setIsOpen] = useState(false);
  const [wantsDates, setWantsDates] = useState(false);
  const address = search.toString();
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the address says wins over what was typed
  useEffect(() => setTyped({}), [address]);
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (Object.keys(typed).length > 0) onChange(typed);
  };
  const hasDates = wantsDates || given('from') !== '' || given('to') !== '';
  const providerNames = new Set([given('provider'), ...providers.map(({ name }) => name)]);
  const count = countFilters(search);
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
          onChange={({ target }) => onChange({ [name]: toTimestamp(target.value) ?? '', window: '' })}
        />
      )}
    </Field>
  );
  return (
    <div className="filters">
      <button
        type="button"
        className="button filters-switch"
        aria-expanded={isOpen}
        aria-controls={formId}
        onClick={() => setIsOpen(!isOpen)}
      >
        Filters{count > 0 && ` (${count})`}
      </button>
      <form
        id={formId}
        className={isOpen ? 'fields fields-dense filters-open' : 'fields fields-dense'}
        onSubmit={send}
        aria-label="Filters"
      >
        {hasWords && textInput('text', 'Words', 'in question or answer', 'search')}
        <ChoiceField
          label="When"
          value={hasDates ? 'custom' : given('window')}
          choices={windowNames}
          onChange={(window) => {
            setWantsDates(window === 'custom');
            onChange(window === 'custom' ? { window: '' } : { window, from: '', to: '' });
          }}
        />
        <ChoiceField
          label="Provider"
          value={given('provider')}
          choices={{
            '': 'any',
            ...Object.fromEntries([...providerNames].map((name) => [name, name || 'any'])),
          }}
          onChange={(provider) => onChange({ provider })}
        />
        {textInput('model', 'Model', 'any')}
        <datalist id={modelsId}>
          {providers
            .flatMap(({ models }) => models ?? [])
            .map(({ id }) => (
              <option key={id} value={id} />
            ))}
        </datalist>
        <ChoiceField
          label="Outcome"
          value={given('status') === 'sending' ? 'sending' : given('outcome')}
          choices={outcomeNames}
          onChange={(outcome) =>
            onChange(outcome === 'sending' ? { outcome: '', status: outcome } : { outcome, status: '' })
          }
        />
        {textInput('metadata', 'Metadata', 'key:value')}
        {hasDates && (
          <>
            {timeInput('from', 'From')}
            {timeInput('to', 'To')}
          </>
        )}
        <button type="submit" className="hidden-text" tabIndex={-1}>
          Apply
        </button>
      </form>
      {given('batchId') !== '' && (
        <p className="quiet">
          Of one batch: <Link href={`/batches/${given('batchId')}`}>{given('batchId')}</Link>{' '}
          <button type="button" className="button button-small" onClick={() => onChange({ batchId: '' })}>
            Of all
          </button>
        </p>
      )}
    </div>
  );
};
