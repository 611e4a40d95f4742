import { type FormEvent, useEffect, useState } from 'react';
import { ChoiceField } from './choice-field.tsx';
import { Field } from './field.tsx';

export type SearchBy = 'text' | 'like';

type RunSearchProps = {
  by: SearchBy;
  /** What is searched for; empty: nothing. */
  wanted: string;
  fault: string | undefined;
  onSearch: (by: SearchBy, wanted: string) => void;
};

const ways: Readonly<Record<SearchBy, string>> = { text: 'words', like: 'meaning' };

/** Finds runs by words of question or answer, or questions that mean about the same. */
export const RunSearch = ({ by, wanted, fault, onSearch }: RunSearchProps) => {
  const [typed, setTyped] = useState(wanted);
  const [way, setWay] = useState(by);
  useEffect(() => setTyped(wanted), [wanted]);
  useEffect(() => setWay(by), [by]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSearch(way, typed.trim());
  };
  return (
    <search>
      <form className="search-row" onSubmit={submit}>
        <ChoiceField
          label="Find by"
          value={way}
          choices={ways}
          onChange={(next) => {
            setWay(next);
            if (typed.trim() !== '') onSearch(next, typed.trim());
          }}
        />
        <Field label={way === 'text' ? 'Words' : 'A question like'} fault={fault}>
          {(control) => (
            <input
              {...control}
              type="search"
              value={typed}
              placeholder={
                way === 'text' ? 'of the question or the answer' : 'in your own words: what it means counts'
              }
              onChange={({ target }) => {
                setTyped(target.value);
                // The browser's own button empties the field.
                if (target.value === '' && wanted !== '') onSearch(way, '');
              }}
            />
          )}
        </Field>
        <button type="submit" className="button">
          Search
        </button>
      </form>
    </search>
  );
};
