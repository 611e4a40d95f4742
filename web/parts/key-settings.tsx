import { type FormEvent, useState } from 'react';
import { type ApiKey, Scope } from '../../src/contract/api-key.ts';
import { useCreateKey, useKeys, useRevokeKey, useRotateKey } from '../api/use-settings.ts';
import { toTimestamp } from '../format/format-times.ts';
import { Badge } from './badges.tsx';
import { ConfirmButton } from './confirm-button.tsx';
import { CopyButton } from './copy-button.tsx';
import { CheckField, Field } from './field.tsx';
import { LoadMore } from './load-more.tsx';
import { ErrorNotice, Loading } from './notices.tsx';
import { AgoText, TimeText } from './time-text.tsx';

/** A day for whoever still uses the old key. */
const graceSeconds = 86_400;

const NewKey = ({ onMade }: { onMade: (secret: string) => void }) => {
  const create = useCreateKey();
  const [owner, setOwner] = useState('');
  const [scopes, setScopes] = useState<Scope[]>(['study:read']);
  const [expires, setExpires] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const expiresAt = toTimestamp(expires);
    create.mutate(
      { owner, scopes, ...(expiresAt !== undefined && { expiresAt }) },
      {
        onSuccess: ({ key }) => {
          onMade(key);
          setOwner('');
        },
      },
    );
  };
  return (
    <form className="stack" onSubmit={submit}>
      <div className="fields">
        <Field label="Owner" hint="Who or what will use it">
          {(control) => (
            <input
              {...control}
              required
              maxLength={200}
              value={owner}
              onChange={({ target }) => setOwner(target.value)}
            />
          )}
        </Field>
        <Field label="Expires" hint="Empty: never">
          {(control) => (
            <input
              {...control}
              type="datetime-local"
              value={expires}
              onChange={({ target }) => setExpires(target.value)}
            />
          )}
        </Field>
      </div>
      <div className="row">
        {Scope.options.map((scope) => (
          <CheckField
            key={scope}
            label={scope}
            checked={scopes.includes(scope)}
            onChange={(chosen) =>
              setScopes(chosen ? [...scopes, scope] : scopes.filter((each) => each !== scope))
            }
          />
        ))}
      </div>
      {create.isError && <ErrorNotice error={create.error} />}
      <div>
        <button type="submit" className="button" disabled={scopes.length === 0 || create.isPending}>
          Make a key
        </button>
      </div>
    </form>
  );
};

const KeyRow = ({ apiKey, onMade }: { apiKey: ApiKey; onMade: (secret: string) => void }) => {
  const rotate = useRotateKey();
  const revoke = useRevokeKey();
  const isOver =
    apiKey.revokedAt !== null || (apiKey.expiresAt !== null && Date.parse(apiKey.expiresAt) < Date.now());
  return (
    <tr>
      <td className="cell-name">
        {apiKey.owner}
        <br />
        <code className="quiet">{apiKey.prefix}…</code>
      </td>
      <td className="wide-only">{apiKey.scopes.join(', ')}</td>
      <td className="wide-only">
        <AgoText at={apiKey.lastUsedAt} />
      </td>
      <td>
        {isOver ? (
          <Badge tone="quiet">{apiKey.revokedAt === null ? 'expired' : 'revoked'}</Badge>
        ) : apiKey.expiresAt === null ? (
          'never'
        ) : (
          <TimeText at={apiKey.expiresAt} />
        )}
      </td>
      <td>
        {!isOver && (
          <div className="row">
            <button
              type="button"
              className="button"
              disabled={rotate.isPending}
              onClick={() =>
                rotate.mutate({ id: apiKey.id, graceSeconds }, { onSuccess: ({ key }) => onMade(key) })
              }
            >
              Rotate
            </button>
            <ConfirmButton
              label="Revoke"
              question={`Revoke the key of ${apiKey.owner}? It and its sessions end at once.`}
              confirm="Revoke the key"
              disabled={revoke.isPending}
              onConfirm={() => revoke.mutate(apiKey.id)}
            />
          </div>
        )}
        {rotate.isError && <span className="field-fault">{rotate.error.message}</span>}
        {revoke.isError && <span className="field-fault">{revoke.error.message}</span>}
      </td>
    </tr>
  );
};

/** All API keys, for administrators. A secret is shown once, where it was made. */
export const KeySettings = () => {
  const query = useKeys(true);
  const [secret, setSecret] = useState<string | null>(null);
  const keys = query.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <section className="card" aria-labelledby="keys">
      <h2 id="keys">API keys</h2>
      {secret !== null && (
        <div className="notice" role="status">
          <strong>The new key, shown this once</strong>
          <code className="secret">{secret}</code>
          <div className="row">
            <CopyButton text={secret} />
            <button type="button" className="button button-small" onClick={() => setSecret(null)}>
              I have it
            </button>
          </div>
        </div>
      )}
      {query.isPending && <Loading rows={3} />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {keys.length > 0 && (
        <div className="table-box">
          <table>
            <thead>
              <tr>
                <th scope="col">Owner</th>
                <th scope="col" className="wide-only">
                  Scopes
                </th>
                <th scope="col" className="wide-only">
                  Last used
                </th>
                <th scope="col">Expires</th>
                <th scope="col">Change</th>
              </tr>
            </thead>
            <tbody>
              {keys.map((apiKey) => (
                <KeyRow key={apiKey.id} apiKey={apiKey} onMade={setSecret} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <LoadMore query={query} />
      <h3>New key</h3>
      <NewKey onMade={setSecret} />
    </section>
  );
};
