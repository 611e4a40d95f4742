import { type ReactNode, useEffect } from 'react';
import { Link } from 'wouter';
import { Icon } from './icon.tsx';

type PageHeadProps = {
  title: string;
  /** Beside the title, such as a status. */
  badge?: ReactNode;
  about?: ReactNode;
  actions?: ReactNode;
  /** The list that the page belongs to. */
  up?: { href: string; label: string };
};

/** Heading of a page; names the browser's tab as well. */
export const PageHead = ({ title, badge, about, actions, up }: PageHeadProps) => {
  useEffect(() => {
    document.title = `${title} · study-query-llm`;
  }, [title]);
  return (
    <header className="page-head">
      {up && (
        <Link className="page-up" href={up.href}>
          <Icon name="back" />
          {up.label}
        </Link>
      )}
      <div className="page-title">
        <h1>{title}</h1>
        {badge}
      </div>
      {about && <p className="page-about">{about}</p>}
      {actions && <div className="page-actions">{actions}</div>}
    </header>
  );
};
