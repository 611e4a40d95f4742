import { Link } from 'wouter';
import type { Export } from '../../src/contract/export.ts';
import { useExpectedRows } from '../api/use-expected-rows.ts';
import { useDeleteExport, useDownloadExport } from '../api/use-exports.ts';
import { choiceWords, exportTables, formatOf, originOf } from '../format/export-words.ts';
import { formatBytes, formatCount } from '../format/format-values.ts';
import { Badge } from './badges.tsx';
import { ConfirmButton } from './confirm-button.tsx';
import { CopyButton } from './copy-button.tsx';
import { DownloadProgress, WritingProgress } from './export-progress.tsx';
import { Icon } from './icon.tsx';
import { AgoText } from './time-text.tsx';

const tones = { running: 'busy', ready: 'good', failed: 'bad' } as const;

const ExportRow = ({ made }: { made: Export }) => {
  const download = useDownloadExport();
  const remove = useDeleteExport();
  const isRunning = made.status === 'running';
  const expectedRows = useExpectedRows(made, isRunning);
  const failure = download.error ?? remove.error;
  return (
    <tr>
      <td>
        <strong>
          <Link href={originOf(made)}>{exportTables[made.what]}</Link>
        </strong>
        <br />
        <span className="quiet small">
          {[formatOf(made), choiceWords(made)].filter((words) => words !== '').join(' · ')}
        </span>
        {isRunning && <WritingProgress made={made} expectedRows={expectedRows} />}
        {download.isPending && <DownloadProgress made={made} received={download.received} />}
        {made.error !== null && <p className="field-fault">{made.error}</p>}
        {failure !== null && <p className="field-fault">{failure.message}</p>}
      </td>
      <td>
        <Badge tone={tones[made.status]}>{made.status}</Badge>
      </td>
      <td className="number wide-only">{formatCount(made.rows)}</td>
      <td className="number wide-only">{formatBytes(made.bytes)}</td>
      <td className="wide-only">
        {made.sha256 === null ? (
          '–'
        ) : (
          <div className="row">
            <code title={made.sha256}>{made.sha256.slice(0, 12)}…</code>
            <CopyButton text={made.sha256} />
          </div>
        )}
      </td>
      <td className="wide-only">
        <AgoText at={made.createdAt} />
      </td>
      <td className="wide-only">
        <AgoText at={made.expiresAt} />
      </td>
      <td>
        <div className="row">
          {made.status === 'ready' && (
            <button
              type="button"
              className="button"
              disabled={download.isPending}
              onClick={() => download.mutate(made)}
            >
              <Icon name="download" />
              Download
            </button>
          )}
          <ConfirmButton
            label={isRunning ? 'Stop' : 'Delete'}
            question={
              isRunning
                ? 'Stop this export? What is written of it is deleted.'
                : 'Delete this export and its file? What it was made of stays.'
            }
            confirm={isRunning ? 'Stop the export' : 'Delete the export'}
            disabled={remove.isPending}
            onConfirm={() => remove.mutate(made.id)}
          />
        </div>
      </td>
    </tr>
  );
};

/** Exports with their state; each leads to where it came from. */
export const ExportList = ({ exports }: { exports: readonly Export[] }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
  <section className="table-box" tabIndex={0} aria-label="Exports">
    <table>
      <thead>
        <tr>
          <th scope="col">Table</th>
          <th scope="col">State</th>
          <th scope="col" className="number wide-only">
            Rows
          </th>
          <th scope="col" className="number wide-only">
            Size
          </th>
          <th scope="col" className="wide-only">
            SHA-256
          </th>
          <th scope="col" className="wide-only">
            Made
          </th>
          <th scope="col" className="wide-only">
            Expires
          </th>
          <th scope="col">
            <span className="hidden-text">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {exports.map((made) => (
          <ExportRow key={made.id} made={made} />
        ))}
      </tbody>
    </table>
  </section>
);
