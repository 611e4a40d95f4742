export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const storageKey = 'sq-theme';
const isTheme = (value: unknown): value is Theme => themes.some((theme) => theme === value);

export const readTheme = (): Theme => {
  const stored = localStorage.getItem(storageKey);
  return isTheme(stored) ? stored : 'system';
};

/** Styles follow `data-theme`; without it, the system's preference. */
export const applyTheme = (theme: Theme): void => {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
};

export const storeTheme = (theme: Theme): void => {
  localStorage.setItem(storageKey, theme);
  applyTheme(theme);
};
