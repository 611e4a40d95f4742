import type { ReactNode } from 'react';
import type { Scope } from '../../src/contract/api-key.ts';
import { useHasScope } from '../api/use-session.ts';
import { EmptyNotice } from './notices.tsx';

/** What only some keys may do: others hear so before they have filled in a form. */
export const NeedsScope = ({ scope, children }: { scope: Scope; children: ReactNode }) =>
  useHasScope(scope) ? (
    children
  ) : (
    <EmptyNotice title="This key may not do that">
      <p>
        It takes one with the scope <code>{scope}</code>.
      </p>
    </EmptyNotice>
  );
