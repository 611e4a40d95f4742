import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { Link, useLocation } from 'wouter';
import { isServerAway, onConnection } from '../api/http-client.ts';
import { useSession, useSignOut } from '../api/use-session.ts';
import { Icon, type IconName } from './icon.tsx';
import { SessionEnd } from './session-end.tsx';
import { readTheme, storeTheme, type Theme, themes } from './theme.ts';

const places: readonly { href: string; label: string; icon: IconName }[] = [
  { href: '/batches', label: 'Batches', icon: 'batches' },
  { href: '/runs', label: 'Runs', icon: 'runs' },
  { href: '/playground', label: 'Playground', icon: 'playground' },
  { href: '/study', label: 'Study', icon: 'study' },
  { href: '/schedules', label: 'Schedules', icon: 'schedules' },
  { href: '/settings', label: 'Settings', icon: 'settings' },
];

const ThemeSwitch = () => {
  const [theme, setTheme] = useState<Theme>(readTheme);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system';
  return (
    <button
      type="button"
      className="button button-bare"
      aria-label={`Theme: ${theme}. Change to ${next}`}
      title={`Theme: ${theme}`}
      onClick={() => {
        storeTheme(next);
        setTheme(next);
      }}
    >
      <Icon name={theme} />
    </button>
  );
};

/** What is shown stays; that it may be old is said until the server answers again. */
const ConnectionNotice = () => {
  const isAway = useSyncExternalStore(onConnection, isServerAway);
  return (
    <div role="status">
      {isAway && (
        <p className="away">The server cannot be reached. What you see is from before; it is tried again.</p>
      )}
    </div>
  );
};

/** What stands around every page: navigation, who is signed in, light or dark. */
export const Frame = ({ children }: { children: ReactNode }) => {
  const [location] = useLocation();
  const session = useSession();
  const signOut = useSignOut();
  const main = useRef<HTMLElement>(null);
  const last = useRef(location);
  useEffect(() => {
    // Whoever reads by keyboard or ear goes on where the new page begins.
    if (last.current !== location) main.current?.focus({ preventScroll: true });
    if (last.current !== location) window.scrollTo(0, 0);
    last.current = location;
  }, [location]);
  return (
    <div className="frame">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <aside className="side">
        <Link href="/batches" className="brand">
          <span className="brand-mark" aria-hidden="true" />
          study-query-llm
        </Link>
        <nav aria-label="Main">
          {places.map(({ href, label, icon }) => (
            <Link
              key={href}
              href={href}
              className="nav-link"
              aria-current={location === href || location.startsWith(`${href}/`) ? 'page' : undefined}
            >
              <Icon name={icon} />
              <span>{label}</span>
            </Link>
          ))}
        </nav>
        <div className="side-foot">
          <span className="side-owner" title={session.data?.owner}>
            {session.data?.owner}
          </span>
          <ThemeSwitch />
          <button
            type="button"
            className="button button-small"
            disabled={signOut.isPending}
            onClick={() => signOut.mutate()}
          >
            Sign out
          </button>
        </div>
      </aside>
      <main id="main" ref={main} tabIndex={-1}>
        <SessionEnd />
        <ConnectionNotice />
        {children}
      </main>
    </div>
  );
};
