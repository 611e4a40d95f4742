import { useVirtualizer } from '@tanstack/react-virtual';
import { type Key, type ReactNode, useEffect, useRef } from 'react';

export type Column<Row> = {
  head: string;
  cell: (row: Row) => ReactNode;
  /** Classes of head and cells, such as a width. */
  className?: string;
};

type VirtualTableProps<Row> = {
  label: string;
  rows: readonly Row[];
  keyOf: (row: Row) => Key;
  columns: readonly Column<Row>[];
  /** Height of a row in px, which all have. */
  rowPx: number;
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
  /** Rows of the question before, until those of the new one are there. */
  isOld?: boolean;
};

const overscan = 12;
/** So many rows before the end the next page is asked for. */
const aheadRows = 20;

/** Any number of rows: only those in view are in the page, and the next ones are asked for in time. */
export const VirtualTable = <Row,>(props: VirtualTableProps<Row>) => {
  const { label, rows, keyOf, columns, rowPx, query, isOld = false } = props;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const scroller = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan,
  });
  const visible = virtual.getVirtualItems();
  const first = visible[0];
  const last = visible.at(-1);
  const nearEnd = (last?.index ?? 0) >= rows.length - aheadRows;
  useEffect(() => {
    if (nearEnd && hasNextPage && !isFetchingNextPage) fetchNextPage();
  }, [nearEnd, hasNextPage, isFetchingNextPage, fetchNextPage]);
  const spacer = (height: number) =>
    height > 0 && (
      <tr className="spacer">
        <td style={{ height }} />
      </tr>
    );
  return (
    <section
      ref={scroller}
      className={isOld ? 'table-box virtual is-old' : 'table-box virtual'}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      aria-label={label}
      aria-busy={isOld}
    >
      <table aria-rowcount={hasNextPage ? -1 : rows.length + 1}>
        <thead>
          <tr>
            {columns.map(({ head, className }) => (
              <th key={head} scope="col" className={className}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {first && spacer(first.start)}
          {visible.map(({ index }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <tr key={keyOf(row)} aria-rowindex={index + 2} style={{ height: rowPx }}>
                {columns.map(({ head, className, cell }) => (
                  <td key={head} className={className}>
                    {cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
          {last && spacer(virtual.getTotalSize() - last.end)}
        </tbody>
      </table>
    </section>
  );
};
