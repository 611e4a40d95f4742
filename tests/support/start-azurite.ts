import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import { localCertificate } from './local-certificate.ts';

/** What Azurite checks of a token (`--oauth basic`): issuer, audience and times, not its signature. */
const newToken = () =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('https://sts.windows.net/11111111-2222-3333-4444-555555555555/')
    .setAudience('https://storage.azure.com')
    .setNotBefore('1 minute ago')
    .setIssuedAt()
    .setExpirationTime('1 hour')
    .sign(new Uint8Array(32));

const startsWithinMs = 20_000;

/** Blob Storage on this machine in its own process, in memory, over HTTPS and with bearer tokens only, as in Azure. */
export const startAzurite = async () => {
  const main = fileURLToPath(import.meta.resolve('azurite/dist/src/blob/main.js'));
  const options = ['--blobHost', '127.0.0.1', '--blobPort', '0', '--inMemoryPersistence', '--oauth', 'basic'];
  const more = ['--cert', localCertificate.certFile, '--key', localCertificate.keyFile, '--silent'];
  const child = spawn(
    process.execPath,
    [main, ...options, ...more, '--disableTelemetry', '--skipApiVersionCheck'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => child.kill('SIGKILL'), startsWithinMs);
    const onData = (chunk: Buffer) => {
      output += chunk.toString();
      const listening = /listens on (https:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1];
      if (listening === undefined) return;
      clearTimeout(late);
      resolve(listening);
    };
    child.stdout.on('data', onData);
    child.stderr.on('data', onData);
    child.once('exit', (code) => reject(new Error(`azurite ended with ${code}: ${output}`)));
  });
  const token = await newToken();
  return {
    /** Of the one account that it knows. */
    accountUrl: `${url}/devstoreaccount1`,
    url,
    credential: {
      getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }),
    },
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
  };
};
