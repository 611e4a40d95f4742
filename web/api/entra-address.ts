/** The page that Entra sends people back to: a redirect URI of the app registration. */
export const entraReturnPath = '/sign-in';

const storageKey = 'sq-return-to';

/** Remembers, in this tab, which page one leaves for Entra. */
export const keepReturnAddress = (): void => {
  const { pathname, search, hash } = location;
  // Whoever tries again there has not been anywhere since.
  if (pathname !== entraReturnPath) sessionStorage.setItem(storageKey, pathname + search + hash);
};

/** That page, once. */
export const takeReturnAddress = (): string => {
  const address = sessionStorage.getItem(storageKey) ?? '/';
  sessionStorage.removeItem(storageKey);
  // Two slashes would be another site's address.
  return /^\/(?!\/)/.test(address) ? address : '/';
};
