import { Field } from './field.tsx';

type ChoiceFieldProps<Value extends string> = {
  label: string;
  value: Value;
  /** What can be chosen, and how it is called. */
  choices: Readonly<Partial<Record<Value, string>>>;
  onChange: (value: Value) => void;
};

export const ChoiceField = <Value extends string>({
  label,
  value,
  choices,
  onChange,
}: ChoiceFieldProps<Value>) => (
  <Field label={label}>
    {(control) => (
      <select {...control} value={value} onChange={({ target }) => onChange(target.value as Value)}>
        {Object.entries(choices as Record<string, string>).map(([key, name]) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </select>
    )}
  </Field>
);
