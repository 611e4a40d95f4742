import { type DragEvent, useEffect, useState } from 'react';
import { formatBytes, formatCount, formatUnit } from '../format/format-values.ts';
import { type QuestionReading, readQuestions } from '../format/read-questions.ts';
import { Field } from './field.tsx';

/** Questions as they were pasted or dropped. A file that is too long to be shown stays a file. */
export type Questions = { text: string; file: File | null };

/** Above this a text field would stall the page, in bytes. */
const maxShownBytes = 500_000;
const readDelayMs = 300;

export const contentOf = ({ text, file }: Questions): Blob => file ?? new Blob([text]);

/** What the questions hold, read a moment after the last change; null: not read yet, or there are none. */
export const useQuestionReading = ({ text, file }: Questions): QuestionReading | null => {
  const [reading, setReading] = useState<QuestionReading | null>(null);
  useEffect(() => {
    setReading(null);
    if (file === null && text.trim() === '') return;
    let current = true;
    const timer = setTimeout(async () => {
      const read = await readQuestions(file === null ? text : await file.text());
      if (current) setReading(read);
    }, readDelayMs);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [text, file]);
  return reading;
};

const sample = '{"itemKey": "capital", "prompt": "What is the capital of France?"}';

type QuestionsInputProps = {
  questions: Questions;
  reading: QuestionReading | null;
  onChange: (questions: Questions) => void;
};

export const QuestionsInput = ({ questions, reading, onChange }: QuestionsInputProps) => {
  const [isOver, setIsOver] = useState(false);
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    if (file.size > maxShownBytes) onChange({ text: '', file });
    else onChange({ text: await file.text(), file: null });
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    void take(event.dataTransfer.files[0]);
  };
  const fault =
    reading !== null && reading.faults.length > 0
      ? reading.faults.map(({ line, message }) => `Line ${line}: ${message}`).join(' · ')
      : undefined;
  return (
    <fieldset className="card">
      <legend className="hidden-text">Questions</legend>
      <div className="card-head">
        <h2>Questions</h2>
        <label className="button button-small">
          Choose a file
          <input
            type="file"
            className="hidden-text"
            accept=".jsonl,.ndjson,.json,.txt"
            onChange={({ target }) => {
              void take(target.files?.[0]);
              target.value = '';
            }}
          />
        </label>
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a short cut, the button above does the same */}
      <div
        className={isOver ? 'drop drop-over' : 'drop'}
        onDragOver={(event) => {
          event.preventDefault();
          setIsOver(true);
        }}
        onDragLeave={() => setIsOver(false)}
        onDrop={drop}
      >
        {questions.file === null ? (
          <Field
            label="JSON lines"
            wide
            fault={fault}
            hint={
              reading === null
                ? 'One question a line; OpenAI’s batch format is taken as it is. Paste them, or drop a file here.'
                : `${formatUnit(reading.items.length, 'question')}${reading.models.length > 0 ? `, for ${reading.models.join(', ')}` : ''}`
            }
          >
            {(control) => (
              <textarea
                {...control}
                className="mono"
                rows={8}
                spellCheck={false}
                placeholder={sample}
                value={questions.text}
                onChange={({ target }) => onChange({ text: target.value, file: null })}
              />
            )}
          </Field>
        ) : (
          <div className="stack">
            <p>
              <strong>{questions.file.name}</strong>, {formatBytes(questions.file.size)}
              {reading === null ? ', is being read…' : `, ${formatCount(reading.items.length)} questions`}
            </p>
            {fault !== undefined && <p className="field-fault">{fault}</p>}
            <div>
              <button
                type="button"
                className="button button-small"
                onClick={() => onChange({ text: '', file: null })}
              >
                Remove
              </button>
            </div>
          </div>
        )}
      </div>
    </fieldset>
  );
};
