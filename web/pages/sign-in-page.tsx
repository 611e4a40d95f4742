import { type FormEvent, useEffect, useState } from 'react';
import type { EntraSignIn } from '../../src/contract/session.ts';
import { isProblemError } from '../api/problem-error.ts';
import { useGoToEntra, useSignInMethods } from '../api/use-entra.ts';
import { useSignIn } from '../api/use-session.ts';
import { describeSignInFault } from '../format/sign-in-fault.ts';
import { Field } from '../parts/field.tsx';
import { ErrorNotice } from '../parts/notices.tsx';

type SignInPageProps = {
  /** What an attempt with Entra ended with. */
  fault?: unknown;
  onSignedIn?: () => void;
  /** Given where there is a session to go back to. */
  onBack?: (() => void) | undefined;
};

const KeyForm = ({ onSignedIn, isAlone }: { onSignedIn?: (() => void) | undefined; isAlone: boolean }) => {
  const [apiKey, setApiKey] = useState('');
  const signIn = useSignIn();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // What went wrong is shown below.
    if (apiKey.trim() !== '') signIn.mutateAsync({ key: apiKey.trim() }).then(onSignedIn, () => undefined);
  };
  const isRefused = isProblemError(signIn.error) && signIn.error.problem.status === 401;
  return (
    <form onSubmit={submit}>
      <Field
        label="API key"
        hint={
          isAlone ? (
            <>
              On your own machine it stands in <code>.data/admin-key</code>.
            </>
          ) : undefined
        }
        fault={isRefused ? 'This key is unknown, expired or revoked.' : undefined}
      >
        {(control) => (
          <input
            {...control}
            type="password"
            name="key"
            value={apiKey}
            onChange={({ target }) => setApiKey(target.value)}
            placeholder="sq_…"
            autoComplete="current-password"
            // biome-ignore lint/a11y/noAutofocus: the page has nothing else
            autoFocus={isAlone}
            required
          />
        )}
      </Field>
      {signIn.isError && !isRefused && <ErrorNotice error={signIn.error} />}
      <button
        type="submit"
        className={isAlone ? 'button button-primary' : 'button'}
        disabled={signIn.isPending}
      >
        {signIn.isPending ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  );
};

const EntraButton = ({ goToEntra }: { goToEntra: ReturnType<typeof useGoToEntra> }) => (
  <button
    type="button"
    className="button button-primary"
    disabled={goToEntra.isPending}
    onClick={() => goToEntra.mutate(null)}
  >
    Sign in with Microsoft
  </button>
);

/** The form, in the place of whatever page one came for. */
export const SignInPage = ({ fault = null, onSignedIn, onBack }: SignInPageProps) => {
  const methods = useSignInMethods();
  const entra: EntraSignIn | null = methods.data?.entra ?? null;
  const goToEntra = useGoToEntra(entra);
  const latest = goToEntra.error ?? fault;
  const described = latest === null ? null : describeSignInFault(latest);
  useEffect(() => {
    document.title = 'Sign in · study-query-llm';
  }, []);
  return (
    <main className="sign-in">
      <div className="card">
        <div className="brand">
          <span className="brand-mark" aria-hidden="true" />
          study-query-llm
        </div>
        <h1>{described?.title ?? 'Sign in'}</h1>
        {described !== null && <p role="alert">{described.text}</p>}
        {onBack && (
          <button type="button" className="button" onClick={onBack}>
            Back to where you were
          </button>
        )}
        {entra !== null && <EntraButton goToEntra={goToEntra} />}
        {entra !== null && <p className="sign-in-or">or with a key</p>}
        {!methods.isPending && <KeyForm onSignedIn={onSignedIn} isAlone={entra === null} />}
        <p className="quiet small">
          What you sign in with opens a session and is not kept in the browser.{' '}
          <a href="/api/docs">About the API</a>
        </p>
      </div>
    </main>
  );
};
