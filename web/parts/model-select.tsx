import { useId } from 'react';
import type { ProviderInfo } from '../../src/contract/provider-info.ts';

export type ModelChoice = { provider: string; model: string };

type ModelSelectProps = {
  providers: readonly ProviderInfo[];
  value: ModelChoice;
  onChange: (choice: ModelChoice) => void;
  /** Tells several of them apart for who cannot see them. */
  label: string;
  placeholder?: string;
};

/** The first thing that can be asked. */
export const firstChoice = (providers: readonly ProviderInfo[]): ModelChoice => {
  const [first] = providers;
  return { provider: first?.name ?? '', model: first?.models?.[0]?.id ?? '' };
};

/** A provider and one of its models, or any name where the provider takes any. */
export const ModelSelect = ({
  providers,
  value,
  onChange,
  label,
  placeholder = 'model',
}: ModelSelectProps) => {
  const listId = useId();
  const models = providers.find(({ name }) => name === value.provider)?.models ?? [];
  return (
    <div className="model-select">
      <select
        aria-label={`Provider of ${label}`}
        value={value.provider}
        onChange={({ target }) => {
          const next = providers.find(({ name }) => name === target.value);
          onChange({ provider: target.value, model: next?.models?.[0]?.id ?? '' });
        }}
      >
        {providers.every(({ name }) => name !== value.provider) && (
          <option value={value.provider}>{value.provider || 'provider'}</option>
        )}
        {providers.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <input
        aria-label={`Model of ${label}`}
        value={value.model}
        placeholder={placeholder}
        list={listId}
        spellCheck={false}
        autoComplete="off"
        onChange={({ target }) => onChange({ ...value, model: target.value })}
      />
      <datalist id={listId}>
        {models.map(({ id }) => (
          <option key={id} value={id} />
        ))}
      </datalist>
    </div>
  );
};
