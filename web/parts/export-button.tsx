import { type FormEvent, useId, useRef, useState } from 'react';
import { Link } from 'wouter';
import type { CreateExport, ExportOptions, ExportWhat } from '../../src/contract/export.ts';
import type { InferenceFilter } from '../../src/contract/inference.ts';
import { useExpectedRows } from '../api/use-expected-rows.ts';
import { useMakeExport } from '../api/use-exports.ts';
import { formatBytes, formatUnit } from '../format/format-values.ts';
import { CopyButton } from './copy-button.tsx';
import { ExportFields, exportRequest } from './export-fields.tsx';
import { DownloadProgress, WritingProgress } from './export-progress.tsx';
import { Icon } from './icon.tsx';
import { ErrorNotice } from './notices.tsx';

type ExportButtonProps = {
  /** Tables that the page is about; the first is the usual one. */
  tables: readonly [ExportWhat, ...ExportWhat[]];
  filter: InferenceFilter;
  /** How the page shows figures. */
  options?: ExportOptions;
};

/** Makes a file of what the page shows. Small or large, made at once or by a job: it ends with the file. */
export const ExportButton = ({ tables, filter, options = {} }: ExportButtonProps) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const [isOpen, setIsOpen] = useState(false);
  const [chosen, setChosen] = useState<Partial<CreateExport>>({});
  const request = exportRequest({ what: tables[0], format: 'csv', ...chosen }, filter, {
    ...options,
    ...chosen.options,
  });
  const { what, filter: kept = {} } = request;
  const expectedRows = useExpectedRows({ what, filter: kept }, isOpen);
  const { made, received, isPending, isError, isSuccess, error, mutate, reset } = useMakeExport();
  const open = () => {
    if (!isPending) reset();
    setIsOpen(true);
    dialog.current?.showModal();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate(request);
  };
  return (
    <>
      <button type="button" className="button" onClick={open}>
        <Icon name="download" />
        {isPending ? 'Exporting…' : 'Export'}
      </button>
      <dialog ref={dialog} className="dialog" aria-labelledby={titleId} onClose={() => setIsOpen(false)}>
        <form className="stack" onSubmit={submit}>
          <h2 id={titleId}>Export</h2>
          <ExportFields
            tables={tables}
            request={request}
            onChange={(part) => {
              if (!isPending) reset();
              setChosen({ ...chosen, ...part });
            }}
          />
          {!isPending && !isSuccess && expectedRows !== null && (
            <p className="quiet small">{formatUnit(expectedRows, 'row')} by the filters of this page.</p>
          )}
          <div aria-live="polite">
            {isPending && made === null && <p className="quiet">Being made…</p>}
            {isPending && made?.status === 'running' && (
              <>
                <WritingProgress made={made} expectedRows={expectedRows} />
                <p className="quiet small">
                  It goes on without this page: the file will be among the exports.
                </p>
              </>
            )}
            {isPending && made?.status === 'ready' && <DownloadProgress made={made} received={received} />}
            {isSuccess && made !== null && (
              <>
                <p>
                  {formatUnit(made.rows, 'row')}, {formatBytes(made.bytes)}. The file is among your downloads.
                </p>
                <p className="quiet small">
                  SHA-256 <code className="breaks">{made.sha256}</code>
                </p>
                <CopyButton text={made.sha256 ?? ''} label="Copy SHA-256" />
              </>
            )}
          </div>
          {isError && <ErrorNotice error={error} />}
          <div className="row">
            <Link href="/runs/exports">Earlier exports</Link>
            <div className="row row-end row-rest">
              <button type="button" className="button" onClick={() => dialog.current?.close()}>
                Close
              </button>
              <button type="submit" className="button button-primary" disabled={isPending}>
                Make the file
              </button>
            </div>
          </div>
        </form>
      </dialog>
    </>
  );
};
