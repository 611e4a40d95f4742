import { Component, type ReactNode } from 'react';
import { ErrorNotice } from './notices.tsx';

type Props = { children: ReactNode };

/** Keeps the frame when a page fails, such as when its script is that of an older build. */
export class PageBoundary extends Component<Props, { error: unknown }> {
  override state: { error: unknown } = { error: null };
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <ErrorNotice
        title="This page cannot be shown"
        error={this.state.error}
        onRetry={() => window.location.reload()}
      />
    );
  }
}
