import { useId, useRef } from 'react';

type ConfirmButtonProps = {
  label: string;
  question: string;
  /** What the button that does it says. */
  confirm: string;
  onConfirm: () => void;
  disabled?: boolean;
};

/** A button that asks first, in the browser's own dialog: focus stays in it, and Escape closes it. */
export const ConfirmButton = ({
  label,
  question,
  confirm,
  onConfirm,
  disabled = false,
}: ConfirmButtonProps) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const close = () => dialog.current?.close();
  return (
    <>
      <button
        type="button"
        className="button button-danger"
        disabled={disabled}
        onClick={() => dialog.current?.showModal()}
      >
        {label}
      </button>
      <dialog ref={dialog} className="dialog" aria-labelledby={id}>
        <p id={id}>{question}</p>
        <div className="row row-end">
          <button type="button" className="button" onClick={close}>
            Keep it
          </button>
          <button
            type="button"
            className="button button-danger-solid"
            onClick={() => {
              close();
              onConfirm();
            }}
          >
            {confirm}
          </button>
        </div>
      </dialog>
    </>
  );
};
