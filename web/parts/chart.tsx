import { type PlotOptions, plot } from '@observablehq/plot';
import { useEffect, useRef } from 'react';
import { saveFile } from '../api/batch-downloads.ts';
import { type CsvTable, csvText } from '../format/csv-text.ts';
import { Icon } from './icon.tsx';

type ChartProps = {
  /** What it shows, in words. */
  title: string;
  /** Name of the files it is saved as. */
  name: string;
  options: PlotOptions;
  table: CsvTable;
};

/** Plot styles its drawing with a `style` element, which the page's policy refuses: these rules stand in charts.css instead. */
const savedStyle =
  'svg{font:12px system-ui,sans-serif;color:#1c1d1f;background:#fff;--chart-1:#0f6e64}text{white-space:pre}';

/** Drawn in a document that is never shown, so that no style of Plot's is ever applied. */
const draw = (options: PlotOptions): Element => {
  const drawing = plot({ ...options, document: document.implementation.createHTMLDocument('') });
  for (const style of drawing.querySelectorAll('style')) style.remove();
  // The whole drawing has its words; names of marks mean nothing without a role.
  for (const part of drawing.querySelectorAll('[aria-label]')) part.removeAttribute('aria-label');
  return drawing;
};

const saveSvg = (name: string, options: PlotOptions) => {
  const drawing = draw({ ...options, width: 900 });
  const style = drawing.ownerDocument.createElementNS('http://www.w3.org/2000/svg', 'style');
  style.textContent = savedStyle;
  drawing.prepend(style);
  saveFile(`${name}.svg`, [new XMLSerializer().serializeToString(drawing)], 'image/svg+xml');
};

const narrowestPx = 280;

/** A drawing as wide as its place, that can be taken away as SVG and as the figures behind it. */
export const Chart = ({ title, name, options, table }: ChartProps) => {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    const show = () =>
      box.replaceChildren(draw({ ...options, width: Math.max(narrowestPx, box.clientWidth) }));
    show();
    window.addEventListener('resize', show);
    return () => window.removeEventListener('resize', show);
  }, [options]);
  return (
    <figure className="chart">
      <div ref={place} role="img" aria-label={title} />
      <figcaption className="row">
        <span className="quiet small">{title}</span>
        <button type="button" className="button button-small" onClick={() => saveSvg(name, options)}>
          <Icon name="download" />
          SVG
        </button>
        <button
          type="button"
          className="button button-small"
          onClick={() => saveFile(`${name}.csv`, [csvText(table)], 'text/csv')}
        >
          <Icon name="download" />
          CSV
        </button>
      </figcaption>
    </figure>
  );
};
