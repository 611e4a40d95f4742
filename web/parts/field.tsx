import { type ReactNode, useId } from 'react';

type FieldProps = {
  label: string;
  hint?: ReactNode;
  fault?: string | undefined;
  /** Takes a whole row of the form. */
  wide?: boolean;
  children: (control: {
    id: string;
    'aria-describedby': string | undefined;
    'aria-invalid': boolean;
  }) => ReactNode;
};

/** A control with its label, what it is about, and what is wrong with it. */
export const Field = ({ label, hint, fault, wide = false, children }: FieldProps) => {
  const id = useId();
  const note = fault ?? hint;
  return (
    <div className={wide ? 'field field-wide' : 'field'}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        'aria-describedby': note === undefined ? undefined : `${id}-note`,
        'aria-invalid': fault !== undefined,
      })}
      {note !== undefined && (
        <p id={`${id}-note`} className={fault === undefined ? 'field-hint' : 'field-fault'}>
          {note}
        </p>
      )}
    </div>
  );
};

type CheckFieldProps = {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
};

export const CheckField = ({ label, checked, onChange, disabled = false }: CheckFieldProps) => (
  <label className="check">
    <input
      type="checkbox"
      checked={checked}
      disabled={disabled}
      onChange={({ target }) => onChange(target.checked)}
    />
    {label}
  </label>
);
