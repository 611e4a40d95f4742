const paths = {
  batches: 'M4 5h16M4 10h16M4 15h10M4 20h6',
  runs: 'M5 4h14v16H5zM9 9h6M9 13h6M9 17h3',
  playground: 'M4 6h7v12H4zM13 6h7v12h-7z',
  study: 'M4 20h16M6 16l4-5 4 3 5-8',
  schedules: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2',
  settings: 'M4 7h10M18 7h2M4 17h2M10 17h10M14 4v6M6 14v6',
  plus: 'M12 5v14M5 12h14',
  close: 'M6 6l12 12M18 6L6 18',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  external: 'M14 5h5v5M19 5l-8 8M10 6H5v13h13v-5',
  back: 'M14 6l-6 6 6 6',
  light:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 3v1M12 20v1M3 12h1M20 12h1M5.6 5.6l.7.7M17.7 17.7l.7.7M5.6 18.4l.7-.7M17.7 6.3l.7-.7',
  dark: 'M19 14.5A7.5 7.5 0 0 1 9.5 5a7.5 7.5 0 1 0 9.500 9.500z',
  system: 'M4 5h16v11H4zM9 20h6M12 16v4',
} as const;

export type IconName = keyof typeof paths;

/** Drawn for the eye only: the text beside it says the same. */
export const Icon = ({ name }: { name: IconName }) => (
  <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d={paths[name]} />
  </svg>
);
