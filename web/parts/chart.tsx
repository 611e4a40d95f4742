import { type PlotOptions, plot } from '@observablehq/plot';
import { useEffect, useRef } from 'react';
import { saveFile } from '../api/save-file.ts';
import { type CsvTable, csvText } from '../format/csv-text.ts';
import { Icon } from './icon.tsx';

/** A series, and the colour it is drawn in. */
export type LegendEntry = { name: string; colour: string };

type ChartProps = {
  /** What it shows, in words. */
  title: string;
  /** Name of the files it is saved as. */
  name: string;
  /** The drawing at a width in px. */
  optionsAt: (width: number) => PlotOptions;
  legend?: readonly LegendEntry[];
  table: CsvTable;
};

/** Plot styles its drawing with a `style` element, which the page's policy refuses: these rules stand in charts.css instead. */
const savedStyle =
  'svg{font:12px system-ui,sans-serif;color:#1c1d1f;background:#fff;--plot-background:#fff}text{white-space:pre}';
const svgNamespace = 'http://www.w3.org/2000/svg';
const savedWidth = 900;
const legendLinePx = 18;
const narrowestPx = 280;

/** Drawn in a document that is never shown, so that no style of Plot's is ever applied. */
const draw = (options: PlotOptions): Element => {
  const drawing = plot({ ...options, document: document.implementation.createHTMLDocument('') });
  for (const style of drawing.querySelectorAll('style')) style.remove();
  // The whole drawing has its words; names of marks mean nothing without a role.
  for (const part of drawing.querySelectorAll('[aria-label]')) part.removeAttribute('aria-label');
  return drawing;
};

const append = (parent: Element, name: string, attributes: Record<string, string | number>): Element => {
  const child = parent.ownerDocument.createElementNS(svgNamespace, name);
  for (const [key, value] of Object.entries(attributes)) child.setAttribute(key, String(value));
  parent.append(child);
  return child;
};

/** Names the series below the drawing: the page has its legend beside it, a file has nothing but itself. */
const appendLegend = (drawing: Element, legend: readonly LegendEntry[]) => {
  const height = Number(drawing.getAttribute('height'));
  const whole = height + (legend.length + 1) * legendLinePx;
  drawing.setAttribute('height', String(whole));
  drawing.setAttribute('viewBox', `0 0 ${savedWidth} ${whole}`);
  for (const [index, { name, colour }] of legend.entries()) {
    const y = height + (index + 0.5) * legendLinePx;
    append(drawing, 'rect', { x: 20, y, width: 10, height: 10, fill: colour });
    append(drawing, 'text', { x: 36, y: y + 9, fill: 'currentColor', 'text-anchor': 'start' }).textContent =
      name;
  }
};

const saveSvg = ({ name, title, optionsAt, legend = [] }: ChartProps) => {
  const drawing = draw({ ...optionsAt(savedWidth), width: savedWidth });
  if (legend.length > 0) appendLegend(drawing, legend);
  const words = drawing.ownerDocument.createElementNS(svgNamespace, 'title');
  words.textContent = title;
  const style = drawing.ownerDocument.createElementNS(svgNamespace, 'style');
  style.textContent = savedStyle;
  drawing.prepend(words, style);
  saveFile(
    `${name}.svg`,
    new Blob([new XMLSerializer().serializeToString(drawing)], { type: 'image/svg+xml' }),
  );
};

/** A drawing as wide as its place, that can be taken away as SVG and as the figures behind it. */
export const Chart = (props: ChartProps) => {
  const { title, name, optionsAt, legend = [], table } = props;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    const show = () => {
      const width = Math.max(narrowestPx, box.clientWidth);
      box.replaceChildren(draw({ ...optionsAt(width), width }));
    };
    show();
    window.addEventListener('resize', show);
    return () => window.removeEventListener('resize', show);
  }, [optionsAt]);
  return (
    <figure className="chart">
      <div ref={place} role="img" aria-label={title} />
      {legend.length > 0 && (
        <ul className="legend">
          {legend.map((entry) => (
            <li key={entry.name}>
              <span className="swatch" style={{ background: entry.colour }} />
              {entry.name}
            </li>
          ))}
        </ul>
      )}
      <figcaption className="row">
        <span className="quiet small">{title}</span>
        <button type="button" className="button button-small" onClick={() => saveSvg(props)}>
          <Icon name="download" />
          SVG
        </button>
        <button
          type="button"
          className="button button-small"
          onClick={() => saveFile(`${name}.csv`, new Blob([csvText(table)], { type: 'text/csv' }))}
        >
          <Icon name="download" />
          CSV
        </button>
      </figcaption>
    </figure>
  );
};
