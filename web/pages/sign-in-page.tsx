import { type FormEvent, useEffect, useState } from 'react';
import { isProblemError } from '../api/problem-error.ts';
import { useSignIn } from '../api/use-session.ts';
import { Field } from '../parts/field.tsx';
import { ErrorNotice } from '../parts/notices.tsx';

export const SignInPage = () => {
  const [apiKey, setApiKey] = useState('');
  const signIn = useSignIn();
  useEffect(() => {
    document.title = 'Sign in · study-query-llm';
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (apiKey.trim() !== '') signIn.mutate(apiKey.trim());
  };
  const isRefused = isProblemError(signIn.error) && signIn.error.problem.status === 401;
  return (
    <main className="sign-in">
      <form className="card" onSubmit={submit}>
        <div className="brand">
          <span className="brand-mark" aria-hidden="true" />
          study-query-llm
        </div>
        <h1>Sign in</h1>
        <Field
          label="API key"
          hint={
            <>
              On your own machine it stands in <code>.data/admin-key</code>.
            </>
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
              autoFocus
              required
            />
          )}
        </Field>
        {signIn.isError && !isRefused && <ErrorNotice error={signIn.error} />}
        <button type="submit" className="button button-primary" disabled={signIn.isPending}>
          {signIn.isPending ? 'Signing in…' : 'Sign in'}
        </button>
        <p className="quiet small">
          The key opens a session and is not kept in the browser. <a href="/api/docs">About the API</a>
        </p>
      </form>
    </main>
  );
};
