import { type FormEvent, useId, useState } from 'react';
import { useAddPrice } from '../api/use-prices.ts';
import { useProviders } from '../api/use-settings.ts';
import { emptyPrice, type PriceDraft, type PriceFaults, readPrice } from '../format/price-draft.ts';
import { Field } from './field.tsx';
import { ErrorNotice } from './notices.tsx';

type PriceFormProps = { draft: PriceDraft; onChange: (draft: PriceDraft) => void };

/** Adds a price from a date on, for administrators. */
export const PriceForm = ({ draft, onChange }: PriceFormProps) => {
  const add = useAddPrice();
  const providersId = useId();
  const providers = useProviders().data ?? [];
  const [faults, setFaults] = useState<PriceFaults>({});
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = readPrice(draft);
    setFaults(read.faults);
    if (read.price !== null) add.mutate(read.price, { onSuccess: () => onChange(emptyPrice) });
  };
  const input = (name: keyof PriceDraft, label: string, hint?: string, more: object = {}) => (
    <Field label={label} hint={hint} fault={faults[name]}>
      {(control) => (
        <input
          {...control}
          {...more}
          value={draft[name]}
          onChange={({ target }) => {
            if (add.isSuccess) add.reset();
            onChange({ ...draft, [name]: target.value });
          }}
        />
      )}
    </Field>
  );
  const decimal = { inputMode: 'decimal', placeholder: '2.50' };
  return (
    <section className="card" aria-labelledby="new-price">
      <h2 id="new-price">Add a price</h2>
      <form className="stack" onSubmit={submit} noValidate>
        <div className="fields">
          {input('provider', 'Provider', undefined, { list: providersId })}
          {input('model', 'Model', '* for all that have no price of their own')}
          {input('effectiveFrom', 'From', 'What was in force is never changed', { type: 'datetime-local' })}
          {input('inputPerMillion', 'Input', 'USD for a million tokens', decimal)}
          {input('cachedInputPerMillion', 'Cached input', 'Empty: as other input', decimal)}
          {input('outputPerMillion', 'Output', 'USD for a million tokens', decimal)}
          {input('reasoningPerMillion', 'Reasoning', 'Empty: as other output', decimal)}
          {input('source', 'Where it was read', 'An address, say')}
        </div>
        <datalist id={providersId}>
          {providers.map(({ name }) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        {add.isError && <ErrorNotice error={add.error} />}
        {add.isSuccess && (
          <p role="status">
            Added. What is asked from now on costs that; what was asked without a price can be re-costed
            below.
          </p>
        )}
        <div>
          <button type="submit" className="button button-primary" disabled={add.isPending}>
            Add the price
          </button>
        </div>
      </form>
    </section>
  );
};
