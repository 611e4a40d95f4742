/** What is unknown looks like this everywhere, and never like 0. */
export const unknown = '–';

const counts = new Intl.NumberFormat('en');
export const formatCount = (count: number | null | undefined): string =>
  count === null || count === undefined ? unknown : counts.format(count);

const numbers = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
/** To four significant digits: `1,235,000`, `12.34`, `0.0012`. */
export const formatNumber = (value: number): string => numbers.format(value);

/** With its unit, singular for exactly one: `1 token`, `2,000 tokens`, `– tokens`. */
export const formatUnit = (count: number | null | undefined, unit: string): string =>
  `${formatCount(count)} ${unit}${count === 1 ? '' : 's'}`;

/** A decimal string in USD: cents from one dollar on, below that three significant digits. */
export const formatUsd = (usd: string | null | undefined): string => {
  if (usd === null || usd === undefined) return unknown;
  const amount = Number(usd);
  if (amount === 0) return '$0.00';
  if (Math.abs(amount) < 1e-9) return `${amount < 0 ? '−' : ''}<$0.000000001`;
  const digits = Math.abs(amount) >= 1 ? 2 : Math.min(12, 2 - Math.floor(Math.log10(Math.abs(amount))));
  const text = new Intl.NumberFormat('en', {
    style: 'currency',
    currency: 'USD',
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(amount);
  return text;
};

/** `340 ms`, `2.4 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. `decimals` of seconds below ten. */
export const formatDuration = (ms: number | null | undefined, decimals = 1): string => {
  if (ms === null || ms === undefined) return unknown;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(decimals)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const parts: [number, string][] =
    seconds < 3600
      ? [
          [Math.floor(seconds / 60), 'min'],
          [seconds % 60, 's'],
        ]
      : seconds < 86_400
        ? [
            [Math.floor(seconds / 3600), 'h'],
            [Math.floor((seconds % 3600) / 60), 'min'],
          ]
        : [
            [Math.floor(seconds / 86_400), 'd'],
            [Math.floor((seconds % 86_400) / 3600), 'h'],
          ];
  return parts
    .filter(([amount], index) => index === 0 || amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
};

/** `12.5 / s`, `3.0 / min`; with a unit `12.5 tokens / s`. */
export const formatRate = (perSecond: number | null | undefined, unit = ''): string => {
  if (perSecond === null || perSecond === undefined) return unknown;
  const per = unit === '' ? '' : ` ${unit}`;
  if (perSecond > 0 && perSecond < 1) return `${(perSecond * 60).toFixed(1)}${per} / min`;
  return `${perSecond >= 100 ? Math.round(perSecond) : perSecond.toFixed(1)}${per} / s`;
};

export const formatBytes = (bytes: number): string => {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
};

/** Never 100 % before everything is there, and never 0 % once something is. */
export const formatShare = (part: number, whole: number): string => {
  if (whole <= 0) return unknown;
  const percent = (part / whole) * 100;
  if (percent > 0 && percent < 1) return '<1 %';
  if (percent < 100 && percent > 99) return '>99 %';
  return `${Math.round(percent)} %`;
};

/** `provider_error` → `provider error`. */
export const formatWord = (word: string): string => word.replaceAll('_', ' ');
