/** Colours that are told apart in light and dark, and by most eyes. */
const chartColours = [
  '#149b8c',
  '#d9822b',
  '#5b8def',
  '#c2507d',
  '#8a9a2a',
  '#8b6fd6',
  '#5f6b7a',
  '#b5534a',
] as const;

/** Lines that can be told apart, and no more than one can follow. */
export const mostLines = chartColours.length;

export const colourAt = (index: number): string =>
  chartColours[index % chartColours.length] ?? chartColours[0];
