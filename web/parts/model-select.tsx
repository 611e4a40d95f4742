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
  disabled?: boolean;
};

/** Names to offer: the offline provider answers to any. */
const modelsOf = (provider: ProviderInfo | undefined): string[] =>
  provider?.models?.map(({ id }) => id) ?? (provider?.kind === 'echo' ? ['echo-1', 'echo-2'] : []);

/** The first thing that can be asked of a provider. */
export const choiceOf = (provider: ProviderInfo | undefined): ModelChoice => ({
  provider: provider?.name ?? '',
  model: modelsOf(provider)[0] ?? '',
});

export const firstChoice = (providers: readonly ProviderInfo[]): ModelChoice => choiceOf(providers[0]);

/** A provider and one of its models, or any name where the provider takes any. */
export const ModelSelect = ({
  providers,
  value,
  onChange,
  label,
  placeholder = 'model',
  disabled = false,
}: ModelSelectProps) => {
  const listId = useId();
  const models = modelsOf(providers.find(({ name }) => name === value.provider));
  return (
    <div className="model-select">
      <select
        aria-label={`Provider of ${label}`}
        value={value.provider}
        disabled={disabled}
        onChange={({ target }) => {
          onChange(choiceOf(providers.find(({ name }) => name === target.value)));
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
        disabled={disabled}
        placeholder={placeholder}
        list={listId}
        spellCheck={false}
        autoComplete="off"
        onChange={({ target }) => onChange({ ...value, model: target.value })}
      />
      <datalist id={listId}>
        {models.map((model) => (
          <option key={model} value={model} />
        ))}
      </datalist>
    </div>
  );
};
